import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

/** The page's files as they are served. */
export interface PageFile {
  type: string
  body: Uint8Array<ArrayBuffer>
}

/** Headers of every page: nothing is loaded from elsewhere, nothing frames it. */
export const PAGE_HEADERS: Record<string, string> = {
  'content-security-policy': [
    "default-src 'self'",
    "connect-src 'self' ws://127.0.0.1:* ws://localhost:*",
    "img-src 'self' data: blob:",
    "style-src 'self'",
    "script-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; '),
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-cache',
}

/** What is bundled for one page: a file's address, and its source in `apps/`. */
interface Page {
  html: string
  sources: Readonly<Record<string, string>>
}

const PAGES: Readonly<Record<string, Page>> = {
  '/': {
    html: 'dashboard/index.html',
    sources: { '/app.js': 'dashboard/app.tsx', '/app.css': 'dashboard/app.css' },
  },
  '/gate': {
    html: 'gate/index.html',
    sources: {
      '/gate.js': 'gate/gate.tsx',
      '/gate.css': 'gate/gate.css',
      '/gate-decoder.js': 'gate/decoder-worker.ts',
    },
  },
  '/events': {
    html: 'events/index.html',
    sources: { '/events.js': 'events/events.tsx', '/events.css': 'events/events.css' },
  },
  '/sale': {
    html: 'sale/index.html',
    sources: { '/sale.js': 'sale/sale.tsx', '/sale.css': 'sale/sale.css' },
  },
  '/ticket': {
    html: 'ticket/index.html',
    sources: { '/ticket.js': 'ticket/ticket.tsx', '/ticket.css': 'ticket/ticket.css' },
  },
}

const FOLDER = new URL('../../apps/', import.meta.url)

/** Bundles each page when it is first asked for (about 0.1 s) and keeps it in memory. */
export class PageFiles {
  readonly #bundles = new Map<string, Promise<Map<string, PageFile>>>()

  async get(path: string): Promise<PageFile | null> {
    const address = path === '/index.html' ? '/' : path
    for (const [name, page] of Object.entries(PAGES)) {
      if (address !== name && !(address in page.sources)) continue
      const files = this.#bundles.get(name) ?? bundle(name, page)
      this.#bundles.set(name, files)
      return (await files).get(address) ?? null
    }
    return null
  }
}

async function bundle(name: string, page: Page): Promise<Map<string, PageFile>> {
  const sources = Object.entries(page.sources)
  const result = await build({
    entryPoints: sources.map(([address, source]) => ({
      in: fileURLToPath(new URL(source, FOLDER)),
      out: address.slice(1).replace(/\.\w+$/, ''),
    })),
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
  for (const [address] of sources) {
    const output = result.outputFiles.find((file) => file.path.endsWith(address))
    const type = `${address.endsWith('.css') ? 'text/css' : 'text/javascript'}; charset=utf-8`
    if (output !== undefined) files.set(address, { type, body: new Uint8Array(output.contents) })
  }
  const body = new Uint8Array(await readFile(new URL(page.html, FOLDER)))
  files.set(name, { type: 'text/html; charset=utf-8', body })
  return files
}
