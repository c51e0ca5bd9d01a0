import {
  closeSync,
  existsSync,
  fstatSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import type { RunResult } from './run-result.ts'

/** What a folder of results says about itself. */
export interface Manifest {
  readonly scenario: string
  /** SHA-256 of the scenario's text and of what it refers to, hex. */
  readonly configHash: string
  readonly crypto: 'real' | 'fast'
  readonly seedFirst: number
  readonly runs: number
  readonly code: string
  readonly node: string
  /** Runs that are finished. */
  readonly finished: number
}

const RUNS = 'runs.jsonl'
const MANIFEST = 'manifest.json'

/**
 * A folder of results. A line is added for each run that ends; it is there whole or not at all, so that whatever stops
 * the work (Ctrl-C, a full disk, a power cut) keeps the finished runs.
 */
export class ResultFolder {
  readonly path: string
  readonly #results = new Map<number, RunResult>()
  readonly #lines = new Map<number, string>()
  readonly #file: number

  /** Opens or makes a folder. Throws the system's error. Lines of an earlier attempt are read; a torn one is cut off. */
  constructor(path: string) {
    this.path = path
    mkdirSync(path, { recursive: true })
    const file = join(path, RUNS)
    const text = existsSync(file) ? readFileSync(file, 'utf8') : ''
    const whole = text.slice(0, text.lastIndexOf('\n') + 1)
    for (const line of whole.split('\n')) {
      if (line === '') continue
      const result = JSON.parse(line) as RunResult
      this.#results.set(result.seed, result)
      this.#lines.set(result.seed, line)
    }
    this.#file = openSync(file, 'a')
    if (whole.length < text.length) ftruncateSync(this.#file, Buffer.byteLength(whole))
  }

  /** Finished runs, by seed ascending. */
  get results(): RunResult[] {
    return [...this.#results.values()].sort((a, b) => a.seed - b.seed)
  }

  has(seed: number): boolean {
    return this.#results.has(seed)
  }

  /** Adds a finished run. Throws the system's error, and then the line is not there. */
  add(result: RunResult): void {
    const line = JSON.stringify(result)
    const bytes = Buffer.from(`${line}\n`)
    const start = fstatSync(this.#file).size
    try {
      for (let done = 0; done < bytes.length;) done += writeSync(this.#file, bytes, done)
    } catch (error) {
      ftruncateSync(this.#file, start)
      throw error
    }
    this.#results.set(result.seed, result)
    this.#lines.set(result.seed, line)
  }

  /** The manifest of an earlier attempt; null when there is none. */
  manifest(): Manifest | null {
    const file = join(this.path, MANIFEST)
    return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Manifest) : null
  }

  /** Writes a file of the folder, whole or not at all. */
  write(name: string, text: string): void {
    const file = join(this.path, name)
    writeFileSync(`${file}.new`, text)
    renameSync(`${file}.new`, file)
  }

  writeManifest(manifest: Manifest): void {
    this.write(MANIFEST, `${JSON.stringify(manifest, null, 2)}\n`)
  }

  /** Ends the work: brings the lines into the order of seeds. Workers finish in any order; the file does not show it. */
  close(): void {
    closeSync(this.#file)
    const seeds = [...this.#lines.keys()]
    const sorted = seeds.toSorted((a, b) => a - b)
    if (sorted.every((seed, i) => seeds[i] === seed)) return
    this.write(RUNS, sorted.map((seed) => `${this.#lines.get(seed)}\n`).join(''))
  }
}
