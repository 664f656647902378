// Unpacks what a frozen study holds, before its programs begin, and answers them in place of the network.
"use strict";
(() => {
  const bytes = async (id) => {
    const element = document.getElementById(id);
    const packed = Uint8Array.from(atob(element.textContent), (letter) => letter.charCodeAt(0));
    element.remove();
    const unpacked = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
    return new Uint8Array(await new Response(unpacked).arrayBuffer());
  };

  // A header of JSON, behind its length; then the numbers; then the chunks of rows.
  const thaw = async () => {
    const content = await bytes("frozen-study");
    const headerEnd = 4 + new DataView(content.buffer).getUint32(0, true);
    const header = JSON.parse(new TextDecoder().decode(content.subarray(4, headerEnd)));
    const numbersEnd = headerEnd + 8 * header.numbers;
    const numbers = new Float64Array(content.slice(headerEnd, numbersEnd).buffer);
    const style = { day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit" };
    const time = new Date(header.time * 1000).toLocaleString("en-GB", style);
    window.cruncherFrozen = [`frozen ${time}`, header.config, numbers, header.left_out, ...header.texts];
    // The view that it was frozen from, unless its address names another one. Behind a `#` nothing leads out of this page.
    if (location.hash.length < 2 && header.view.startsWith("#/")) location.replace(header.view);
    let start = numbersEnd;
    window.cruncherRows = header.chunks.map((size) => content.slice(start, (start += size)));
    return header.documents;
  };
  const thawed = thaw();

  // Documents lie in packs, each of which is unpacked when the first of its documents is asked for.
  const packs = new Map();
  const read = async ([pack, start, size]) => {
    if (!packs.has(pack)) packs.set(pack, bytes(`frozen-documents-${pack}`));
    return (await packs.get(pack)).slice(start, start + size);
  };

  const escaped = (text) => text.replace(/[<>&'"]/g, (letter) => `&#${letter.charCodeAt(0)};`);
  const listing = (documents, prefix) => {
    const keys = Object.keys(documents).filter((key) => key.startsWith(prefix)).sort();
    const object = (key) =>
      `<Contents><Key>${escaped(key)}</Key><LastModified>1970-01-01T00:00:00.000Z</LastModified><ETag>&quot;0&quot;</ETag>` +
      `<Size>${documents[key][2]}</Size></Contents>`;
    return `<ListBucketResult><IsTruncated>false</IsTruncated>${keys.map(object).join("")}</ListBucketResult>`;
  };
  window.fetch = async (request) => {
    const documents = await thawed;
    const { pathname, searchParams } = new URL(request.url ?? request);
    if (searchParams.has("list-type")) return new Response(listing(documents, searchParams.get("prefix") ?? ""));
    // The first part of the path is the bucket.
    const place = documents[decodeURIComponent(pathname.split("/").slice(2).join("/"))];
    if (place !== undefined) return new Response(await read(place));
    return new Response("<Error><Code>NoSuchKey</Code><Message>The frozen study doesn't hold this.</Message></Error>", { status: 404 });
  };

  // The pages of single cases begin when one of them is asked for.
  const explored = new Promise((resolve) => {
    const look = () => {
      // What a frozen study doesn't have leads to what it has.
      if (/^#\/?(attach|design)/.test(location.hash)) location.replace("#/overview");
      if (/^#\/?(results|cases|errors)/.test(location.hash) && document.getElementById("explorer")) resolve();
    };
    addEventListener("hashchange", look);
    new MutationObserver(look).observe(document, { childList: true, subtree: true });
  });

  window.cruncherProgram = async (name) => {
    await thawed;
    if (name === "explorer") await explored;
    return { module_or_path: await bytes(`frozen-${name}`) };
  };
})();
