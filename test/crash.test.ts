import { cpSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Level } from 'level'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { seededRandom } from '#simulations/mesh'
import { DiskModel } from './crash/disk-model.ts'
import type { DiskImage } from './crash/disk-model.ts'
import { makeTemplate } from './crash/failed-writes-worker.ts'
import { FailureCase } from './crash/failure-case.ts'
import type { FailingDisk } from './crash/failure-case.ts'
import type { DiskOperation } from './crash/journal.ts'
import { scriptedCoop } from './crash/scripted-coop.ts'
import type { ReportLine } from './crash/report.ts'
import { Witness } from './crash/witness.ts'

/** Cuts drawn of one state of a disk, so that every outcome turns up. */
const DRAWS = 200

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'coopmesh-crash-'))
})
afterEach(async () => {
  vi.restoreAllMocks()
  await rm(folder, { recursive: true, force: true })
})

function commit(seq: number, id: string, t: 'kept' | 'found'): ReportLine {
  return { t, device: 'ab', seq, id, hash: `hash of ${id}` }
}

function faultsOf(...lines: ReportLine[]): readonly string[] {
  const witness = new Witness()
  witness.hear(lines)
  return witness.faults
}

describe('a witness', () => {
  const CHECKED: ReportLine = { t: 'checked', note: null }

  test('has nothing to say when everything is there, and more', () => {
    const lines = [commit(0, 'a', 'kept'), commit(0, 'a', 'found'), commit(1, 'b', 'found'), CHECKED]
    expect(faultsOf(...lines, commit(2, 'c', 'kept'))).toEqual([])
  })

  test('names a commit that is lost, also one that was only found before', () => {
    expect(faultsOf(commit(0, 'a', 'kept'), CHECKED)).toEqual(['lost: ab/0, acknowledged as a'])
    const found = [commit(0, 'a', 'found'), CHECKED]
    expect(faultsOf(...found, CHECKED)).toEqual(['lost: ab/0, acknowledged as a'])
  })

  test('names a second commit of one place, whenever it turns up', () => {
    expect(faultsOf(commit(0, 'a', 'kept'), commit(0, 'b', 'kept'))).toEqual(['fork: ab/0 is b and was a'])
    const lines = [commit(0, 'a', 'found'), CHECKED, commit(1, 'b', 'kept'), commit(1, 'c', 'found')]
    expect(faultsOf(...lines)).toEqual(['fork: ab/1 is c and was b'])
  })

  test('names changed bytes and a gap', () => {
    const changed: ReportLine = { ...commit(0, 'a', 'found'), t: 'found', hash: 'other' } as ReportLine
    expect(faultsOf(commit(0, 'a', 'kept'), changed, CHECKED)).toEqual(['changed: the bytes of ab/0 (a)'])
    expect(faultsOf(commit(1, 'b', 'found'), CHECKED)).toEqual(['gap: nothing before ab/1'])
  })

  test('names a lost asset, and a small file that is torn or too old', () => {
    expect(faultsOf({ t: 'kept-asset', cid: 'x' }, CHECKED)).toEqual(['lost: asset x'])
    const kept: ReportLine = { t: 'kept-note', note: '7\n' }
    expect(faultsOf(kept, { t: 'checked', note: '8\n' })).toEqual([])
    expect(faultsOf(kept, { t: 'checked', note: '6\n' })).toEqual(['lost: the note is 6, acknowledged was 7'])
    expect(faultsOf({ t: 'checked', note: '6' })).toEqual(['torn: the note is "6"'])
  })

  test('remembers over a restart of the campaign', () => {
    const first = new Witness()
    first.hear([commit(0, 'a', 'kept')])
    const second = Witness.of(JSON.parse(JSON.stringify(first.testimony())))
    second.hear([CHECKED])
    expect(second.faults).toEqual(['lost: ab/0, acknowledged as a'])
  })
})

describe('a disk whose power is cut', () => {
  function open(path: string, inode: bigint): DiskOperation {
    return { kind: 'open', path, inode, isCreated: true, isTruncated: false }
  }
  function write(inode: bigint, offset: number, text: string): DiskOperation {
    return { kind: 'write', inode, offset, bytes: Buffer.from(text) }
  }
  function sync(path: string, inode: bigint, isFolder = false): DiskOperation {
    return { kind: 'sync', path, inode, isFolder }
  }
  /** Everything that may be left after these operations, as text by path. */
  function outcomes(base: DiskImage, operations: DiskOperation[], isSyncIgnored = false): Set<string> {
    const random = seededRandom(3)
    const model = new DiskModel(base, isSyncIgnored)
    for (const operation of operations) model.apply(operation)
    const left = Array.from({ length: DRAWS }, () => {
      const { image } = model.cut(random)
      return JSON.stringify(Object.fromEntries([...image].map(([path, bytes]) => [path, bytes?.toString()])))
    })
    return new Set(left)
  }

  test('keeps what was synced, under its name, and may keep any part of the rest', () => {
    const left = outcomes(new Map(), [
      open('a', 1n),
      write(1n, 0, 'synced.'),
      sync('a', 1n),
      write(1n, 7, 'rest'),
    ])
    for (const text of left) expect(text).toContain('"a":"synced.')
    expect(left).toContain('{"a":"synced."}')
    expect(left).toContain('{"a":"synced.rest"}')
    expect(left.size).toBeGreaterThan(5)
  })

  test('may lose a file that was never synced, or leave it empty', () => {
    const left = outcomes(new Map(), [open('a', 1n), write(1n, 0, 'x')])
    expect(left).toContain('{}')
    expect(left).toContain('{"a":""}')
    expect(left).toContain('{"a":"x"}')
  })

  test('may undo a rename until the folder is synced', () => {
    const base = new Map([['b', Buffer.from('old')]])
    const made = [open('a', 1n), write(1n, 0, 'new'), sync('a', 1n)]
    const renamed: DiskOperation[] = [...made, { kind: 'rename', from: 'a', to: 'b' }]
    expect(outcomes(base, renamed)).toEqual(new Set(['{"b":"old","a":"new"}', '{"b":"new"}']))
    expect(outcomes(base, [...renamed, sync('', 9n, true)])).toEqual(new Set(['{"b":"new"}']))
  })

  test('moves what is in a folder along with it', () => {
    const base = new Map([
      ['a', null],
      ['a/x', Buffer.from('1')],
    ])
    const left = outcomes(base, [{ kind: 'rename', from: 'a', to: 'b' }, sync('', 9n, true)])
    expect(left).toEqual(new Set(['{"b/x":"1"}']))
  })

  test('may bring a removed file back', () => {
    const base = new Map([['a', Buffer.from('x')]])
    expect(outcomes(base, [{ kind: 'unlink', path: 'a' }])).toEqual(new Set(['{"a":"x"}', '{}']))
  })

  test('tears a write over synced bytes at sectors, never within', () => {
    const base = new Map([['a', Buffer.alloc(1_024, 'o')]])
    const opened: DiskOperation = { kind: 'open', path: 'a', inode: 1n, isCreated: false, isTruncated: false }
    const left = outcomes(base, [opened, write(1n, 0, 'n'.repeat(1_024))])
    const [o, n] = ['o'.repeat(512), 'n'.repeat(512)]
    expect(left).toEqual(new Set([o + o, o + n, n + o, n + n].map((a) => JSON.stringify({ a }))))
  })

  test('loses synced bytes when it lies about syncs', () => {
    const left = outcomes(new Map(), [open('a', 1n), write(1n, 0, 'x'), sync('a', 1n)], true)
    expect(left).toContain('{}')
  })
})

/** What a database calls to write; the same on every machine. */
type Batch = (this: Level, operations: unknown, options: unknown) => Promise<void>

/** A database of which some batches fail, before they reach the disk. */
class RefusingLevel implements FailingDisk {
  counts = { count: 0, fired: 0 }
  #at = 0
  #text = ''
  #isStaying = false

  constructor() {
    const prototype = Level.prototype as unknown as { batch: Batch }
    const real = prototype.batch
    const count = (): void => this.#count()
    vi.spyOn(prototype, 'batch').mockImplementation(async function batch(this: Level, operations, options) {
      count()
      return real.call(this, operations, options)
    })
  }

  /** From now on the `at`-th batch fails with what LevelDB would say, and all after it if that is to stay. */
  arm(at: number, text: string, isStaying: boolean): void {
    this.counts = { count: 0, fired: 0 }
    this.#at = at
    this.#text = text
    this.#isStaying = isStaying
  }

  disarm(): void {
    this.#at = 0
  }

  #count(): void {
    this.counts.count += 1
    if (this.#at === 0 || this.counts.count < this.#at) return
    if (!this.#isStaying && this.counts.fired > 0) return
    this.counts.fired += 1
    throw new Error(`IO error: /store/000003.log: ${this.#text}`)
  }
}

describe('a database that refuses a batch', () => {
  test.each([
    ['No space left on device', false, 'disk-full'],
    ['No space left on device', true, 'disk-full'],
    ['Input/output error', false, 'read-only'],
  ])('tells whoever wrote it (%s, stays: %s), loses nothing and goes on', async (text, isStaying, code) => {
    const coop = scriptedCoop(1)
    const start = await makeTemplate(join(folder, 'template'), coop)
    const disk = new RefusingLevel()
    const run = async (at: number): ReturnType<FailureCase['run']> => {
      const path = join(folder, `case-${at}`)
      cpSync(join(folder, 'template'), path, { recursive: true })
      return new FailureCase(path, { coop, disk, ...start }).run('writing', () =>
        disk.arm(at, text, isStaying),
      )
    }
    const { count, faults } = await run(0)
    expect({ faults, isWriting: count > 5 }).toEqual({ faults: [], isWriting: true })
    const codes = new Set<string>()
    let fired = 0
    let cases = 0
    // One that stays costs the two seconds after which an engine tries again.
    for (let at = 1; at <= count; at += isStaying ? 4 : 1) {
      const result = await run(at)
      expect({ at, ...result }).toMatchObject({ faults: [], rejectedYetThere: 0 })
      cases += 1
      fired += Number(result.fired > 0)
      for (const it of result.codes) codes.add(it)
    }
    // Commits share batches as it comes: a run may make fewer of them, and the last ones are not reached.
    expect(fired).toBeGreaterThan(cases / 2)
    expect(codes).toContain(code)
  })
})
