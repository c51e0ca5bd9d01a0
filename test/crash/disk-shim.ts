import { spawnSync } from 'node:child_process'
import { closeSync, openSync, readSync, writeSync } from 'node:fs'
import { constants, endianness } from 'node:os'
import { join } from 'node:path'

/** Integers of the shared memory in disk-shim.c: at, error, mode, count, fired. */
const CONTROL_BYTES = 20
const COMPILERS: readonly string[] = ['cc', 'gcc', 'clang']

/** How a call fails. `once`: that one alone. `stays`: it and all after it. `short`: half is written, then it fails. */
export type FailureMode = 'once' | 'stays' | 'short'
const MODES: Record<FailureMode, number> = { once: 1, stays: 2, short: 3 }

/** What the disk says. */
export type DiskError = 'ENOSPC' | 'EIO'

/** A compiled disk-shim.c. */
export interface DiskShim {
  ok: true
  /** Variables for a process whose files at or below `prefix` are watched. */
  environment(watch: { prefix: string; journal?: string; control?: string }): Record<string, string>
}

/** Why there is no shim here. */
export interface NoShim {
  ok: false
  why: string
}

/** Compiles the shim into `folder`, where the machine can. */
export function compileShim(folder: string): DiskShim | NoShim {
  if (process.platform !== 'linux')
    return { ok: false, why: 'only Linux has LD_PRELOAD as it is needed here' }
  if (endianness() !== 'LE') return { ok: false, why: 'the layout of its files is little-endian' }
  const library = join(folder, 'disk-shim.so')
  const source = join(import.meta.dirname, 'disk-shim.c')
  const args = ['-O2', '-shared', '-fPIC', '-o', library, source, '-ldl', '-lpthread']
  let why = `none of ${COMPILERS.join(', ')} is installed`
  for (const compiler of COMPILERS) {
    const { status, error, stderr } = spawnSync(compiler, args, { encoding: 'utf8' })
    if (status === 0) {
      return {
        ok: true,
        environment: ({ prefix, journal, control }) => ({
          LD_PRELOAD: library,
          CRASH_PREFIX: prefix,
          ...(journal === undefined ? {} : { CRASH_JOURNAL: journal }),
          ...(control === undefined ? {} : { CRASH_CONTROL: control }),
        }),
      }
    }
    if (error === undefined) why = `${compiler} does not compile it: ${stderr.trim()}`
  }
  return { ok: false, why }
}

/** The switch of a watched process: which of its calls fails, and how. */
export class FailureSwitch {
  readonly #descriptor: number

  private constructor(descriptor: number) {
    this.#descriptor = descriptor
  }

  /** Makes the file that a watched process maps when it starts. */
  static create(path: string): void {
    const descriptor = openSync(path, 'w', 0o600)
    writeSync(descriptor, Buffer.alloc(CONTROL_BYTES))
    closeSync(descriptor)
  }

  /** The switch that this process itself maps. */
  static of(path: string): FailureSwitch {
    return new FailureSwitch(openSync(path, 'r+'))
  }

  /** From now on the `at`-th call that changes the disk fails (from 1; 0 for none, to count them). */
  arm(at: number, error: DiskError, mode: FailureMode): void {
    this.#write([0, constants.errno[error], MODES[mode], 0, 0])
    this.#write([at])
  }

  /** The disk is well again. */
  disarm(): void {
    this.#write([0])
  }

  /** Calls counted, and failures made, since it was armed. */
  get counts(): { count: number; fired: number } {
    const bytes = Buffer.alloc(CONTROL_BYTES)
    readSync(this.#descriptor, bytes, 0, CONTROL_BYTES, 0)
    return { count: bytes.readInt32LE(12), fired: bytes.readInt32LE(16) }
  }

  #write(values: readonly number[]): void {
    const bytes = Buffer.alloc(4 * values.length)
    for (const [i, value] of values.entries()) bytes.writeInt32LE(value, 4 * i)
    writeSync(this.#descriptor, bytes, 0, bytes.length, 0)
  }
}
