// Starts one of the page's other programs, the one that the query names: in the page, for the script element that asked for
// it, or beside the page as a worker.

// What is loaded has to be what was published with this file: the digests are filled in then.
const digests = JSON.parse('{{integrity}}');

const here = new URL(import.meta.url);
const near = (name) => new URL(name, here);
const name = here.searchParams.get("program");
const script = globalThis.document?.getElementById(`${name}-start`);

const integrity = (file) => {
  if (!digests[file]) throw new Error(`${file} is no file of this page`);
  return digests[file];
};

const linked = (file, rel, href) =>
  new Promise((resolve, reject) => {
    const link = document.createElement("link");
    const fail = () => {
      link.remove();
      reject(new Error(`${link.href} can't be loaded`));
    };
    Object.assign(link, { rel, integrity: integrity(file), onload: resolve, onerror: fail, href });
    document.head.append(link);
  });

// Older browsers know no such links: there, too, the import finds in the cache what was checked.
const links = script && document.createElement("link").relList.supports("modulepreload");

// Whoever starts it again gives this file another query, and it hands that on: some browsers remember modules that they
// couldn't load. An import takes the module that a link has loaded and checked. A worker has no links: there the import finds
// in the browser's cache what was checked.
const module = async (file) => {
  const url = near(file + here.search);
  await (links ? linked(file, "modulepreload", url) : fetch(url, { integrity: integrity(file) }));
  return import(url);
};

const wasm = (file) => fetch(near(file), { integrity: integrity(file) });

try {
  // All at once.
  const [{ default: init }, program] = await Promise.all([
    module(`cruncher-${name}.js`),
    wasm(`cruncher-${name}_bg.wasm`),
    script && linked(`${name}.css`, "stylesheet", near(`${name}.css`)),
  ]);
  await init({ module_or_path: program });
  script?.setAttribute("data-started", "");
} catch (error) {
  script?.dispatchEvent(new Event("error"));
  // In a worker this is how the page hears of it.
  reportError(error);
}
