import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

/** The page's files as they are served. */
export interface PageFile {
  type: string
  body: Uint8Array<ArrayBuffer>
}

const FOLDER = new URL('../../apps/dashboard/', import.meta.url)

const BUNDLED = [
  ['.js', 'text/javascript; charset=utf-8'],
  ['.css', 'text/css; charset=utf-8'],
] as const

/** Bundles the dashboard when it is first asked for (about 0.1 s) and keeps it in memory. */
export class DashboardFiles {
  #files: Promise<Map<string, PageFile>> | null = null

  async get(path: string): Promise<PageFile | null> {
    this.#files ??= bundle()
    const name = path === '/' ? '/index.html' : path
    return (await this.#files).get(name) ?? null
  }
}

async function bundle(): Promise<Map<string, PageFile>> {
  const result = await build({
    entryPoints: ['app.tsx', 'app.css'].map((name) => fileURLToPath(new URL(name, FOLDER))),
    bundle: true,
    format: 'esm',
    target: 'es2022',
    jsx: 'automatic',
    jsxImportSource: 'preact',
    minify: true,
    write: false,
    outdir: '/',
    logLevel: 'silent',
  })
  const files = new Map<string, PageFile>()
  for (const [ending, type] of BUNDLED) {
    const output = result.outputFiles.find((file) => file.path.endsWith(ending))
    if (output !== undefined) files.set(`/app${ending}`, { type, body: new Uint8Array(output.contents) })
  }
  const body = new Uint8Array(await readFile(new URL('index.html', FOLDER)))
  files.set('/index.html', { type: 'text/html; charset=utf-8', body })
  return files
}
