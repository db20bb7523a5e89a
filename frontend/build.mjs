// The bundle that the Python package carries: `node build.mjs`. With --check it is built beside the
// committed one and compared; with --dev the pages in dev/ are built.
import { mkdtemp, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const STATIC = join(import.meta.dirname, "../tune_wandb_nb/widgets/dashboard/static");
const FILES = ["trials_view.js", "trials_view.css"];

/** The licence of what is bundled has to go where the bundle goes. */
async function banner() {
  const licence = await readFile(
    join(import.meta.dirname, "node_modules/d3-scale/LICENSE"),
    "utf8",
  );
  return `/* Built from frontend/ by "make frontend".\nWith d3-scale and the modules it needs:\n${licence}*/`;
}

async function bundle(folder) {
  await build({
    absWorkingDir: import.meta.dirname,
    entryPoints: [
      { in: "src/index.ts", out: "trials_view" },
      { in: "src/style/index.css", out: "trials_view" },
    ],
    outdir: folder,
    bundle: true,
    minify: true,
    format: "esm",
    target: ["es2022"],
    charset: "utf8",
    legalComments: "none",
    banner: { js: await banner() },
    logLevel: "warning",
  });
}

async function check() {
  const folder = await mkdtemp(join(tmpdir(), "trials-view-"));
  await bundle(folder);
  for (const file of FILES) {
    const [built, committed] = await Promise.all(
      [folder, STATIC].map((where) => readFile(join(where, file), "utf8").catch(() => "")),
    );
    if (built !== committed) {
      console.error(`${join(STATIC, file)} is not what frontend/ builds: run \`make frontend\`.`);
      process.exitCode = 1;
    }
  }
}

async function report() {
  for (const file of FILES) {
    const content = await readFile(join(STATIC, file));
    const kilobytes = (n) => `${(n / 1000).toFixed(0)} KB`;
    console.log(file, kilobytes(content.length), "gzip", kilobytes(gzipSync(content).length));
  }
}

async function pages() {
  await build({
    absWorkingDir: import.meta.dirname,
    entryPoints: ["dev/page.ts"],
    outdir: "dev/built",
    bundle: true,
    format: "esm",
    target: ["es2022"],
    logLevel: "warning",
  });
}

if (process.argv.includes("--check")) await check();
else if (process.argv.includes("--dev")) await pages();
else {
  await bundle(STATIC);
  await report();
}
