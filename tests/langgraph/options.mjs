// Command line: --name value, --flag. The defaults say which options there are and of which type.
export function options(defaults) {
  const values = { ...defaults };
  for (let i = 2; i < process.argv.length; i++) {
    const name = process.argv[i].replace(/^--/, "");
    if (!(name in defaults)) throw new Error(`unknown option ${process.argv[i]}`);
    if (typeof defaults[name] === "boolean") values[name] = true;
    else values[name] = typeof defaults[name] === "number" ? Number(process.argv[++i]) : process.argv[++i];
  }
  return values;
}
