// Starts one of the page's other programs, the one that the query names: in the page, for the script element that asked for
// it, or beside the page as a worker.

const here = new URL(import.meta.url);
const near = (name) => new URL(name, here);
const name = here.searchParams.get("program");
const script = globalThis.document?.getElementById(`${name}-start`);

const style = () =>
  new Promise((resolve, reject) => {
    const link = document.createElement("link");
    const fail = () => {
      link.remove();
      reject(new Error(`${link.href} can't be loaded`));
    };
    document.head.append(Object.assign(link, { rel: "stylesheet", onload: resolve, onerror: fail }));
    link.href = near(`${name}.css`);
  });

try {
  // All at once. Whoever starts it again gives this file another query, and it hands that on: some browsers remember
  // modules that they couldn't load.
  const [{ default: init }, program] = await Promise.all([
    import(near(`cruncher-${name}.js${here.search}`)),
    fetch(near(`cruncher-${name}_bg.wasm`)),
    script && style(),
  ]);
  await init({ module_or_path: program });
} catch (error) {
  script?.dispatchEvent(new Event("error"));
  // In a worker this is how the page hears of it.
  reportError(error);
}
