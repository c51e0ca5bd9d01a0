import { readdirSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Section } from '#protocol/commit'
import { toHex } from '#protocol/encoding'
import { CoopError, asCoopError } from '#node/errors'
import { seededRandom } from '#simulations/mesh'
import { BoardPen, chunks, largeText } from './burst.ts'
import { inspect, seenCommit } from './inspection.ts'
import type { Inspection } from './inspection.ts'
import { memoryFetcher } from './memory-holder.ts'
import { OtherDevices, listing } from './scripted-coop.ts'
import type { ChainHead, ScriptedCoop } from './scripted-coop.ts'
import { TestDevice } from './test-device.ts'
import { Witness } from './witness.ts'
import type { Testimony } from './witness.ts'

/** How long a device may take to write again once the disk is well, ms: five of its tries. */
const RECOVERY_MS_MAX = 10_000
/** One leaf and a bit, so that an asset takes several writes. */
const ASSET_BYTES = 1_200_000
/** Large commits that make LevelDB write its memory of 4 MB to a table, and some. */
const FILLING_COMMITS = 30

/** What is done while one call fails. `opening`: only that. `writing`: all that a node writes. `filling`: a lot. */
export type ScriptName = 'opening' | 'writing' | 'filling'

/** Whatever makes calls fail: the shim, or a database that refuses. */
export interface FailingDisk {
  /** Calls counted, and failures made, since it was armed. */
  readonly counts: { count: number; fired: number }
  /** The disk is well again. */
  disarm(): void
}

/** What one failed call led to. */
export interface CaseResult {
  /** Codes of the errors that callers got. */
  codes: string[]
  /** Rejected commits that were there afterwards all the same. */
  rejectedYetThere: number
  faults: readonly string[]
}

/** One folder, one failing call, and everything that must hold after it. */
export class FailureCase {
  readonly #path: string
  readonly #coop: ScriptedCoop
  readonly #disk: FailingDisk
  readonly #witness: Witness
  readonly #codes: string[] = []
  /** SHA-256 (hex) of the payloads of rejected commits. */
  readonly #rejected = new Set<string>()
  #heads: ReadonlyMap<string, ChainHead>
  /** SHA-256 (hex) of all payloads that were on the disk. */
  readonly #payloads = new Set<string>()
  /** Names what a case writes, so that no two commits are alike. */
  #steps = 0

  constructor(
    path: string,
    parts: {
      coop: ScriptedCoop
      disk: FailingDisk
      testimony: Testimony
      heads: ReadonlyMap<string, ChainHead>
    },
  ) {
    this.#path = path
    this.#coop = parts.coop
    this.#disk = parts.disk
    this.#witness = Witness.of(parts.testimony)
    this.#heads = parts.heads
  }

  /** Runs one script while the switch, once `arm` has set it, makes a call fail. */
  async run(script: ScriptName, arm: () => void): Promise<CaseResult & { count: number; fired: number }> {
    const isOpening = script === 'opening'
    let device: TestDevice | null = null
    let counts = { count: 0, fired: 0 }
    try {
      if (!isOpening) device = await TestDevice.open(this.#path, this.#coop, true)
      arm()
      if (device === null) await this.#open()
      else await (script === 'writing' ? this.#writing(device) : this.#filling(device))
      counts = this.#disk.counts
      this.#disk.disarm()
      device ??= await TestDevice.open(this.#path, this.#coop, true)
      await this.#recovered(device)
      const after = await this.#goOn(device)
      await device.close()
      device = null
      await this.#reopened(after)
    } catch (cause) {
      this.#disk.disarm()
      this.#witness.accuse(`with the disk well again: ${asCoopError(cause).code}: ${String(cause)}`)
      await device?.close().catch(() => null)
    }
    const there = [...this.#rejected].filter((it) => this.#payloads.has(it))
    const { faults } = this.#witness
    return { ...counts, codes: this.#codes, rejectedYetThere: there.length, faults }
  }

  /** Opening a folder either works or says clearly why not. */
  async #open(): Promise<void> {
    const device = await this.#attempt('opening', async () => TestDevice.open(this.#path, this.#coop, true))
    await device?.close()
  }

  async #writing(device: TestDevice): Promise<void> {
    const { assets } = device
    if (assets === null) throw new Error('the device has assets')
    await this.#append(device, [this.#line()])
    const menu = await BoardPen.open(device, 'menu')
    const stock = await BoardPen.open(device, 'stock')
    const photos = await BoardPen.open(device, 'menu')
    const random = seededRandom(this.#coop.seed)
    await Promise.all([
      this.#append(device, [this.#line(), menu.set('price', 5), stock.set('bread', 7)]),
      this.#append(device, [this.#line()]),
      this.#append(device, [this.#line(), photos.set('photo', largeText(random))]),
    ])
    await this.#ingest(device, 6)
    await this.#addAsset(device, 1)
    const fetched = memoryFetcher(new Uint8Array(ASSET_BYTES).fill(9), assets, this.#coop.crypto)
    const signal = new AbortController().signal
    const result = await this.#attempt('fetch', () => fetched.fetcher.fetch(fetched.cid, () => null, signal))
    if (result !== null) this.#witness.hear([{ t: 'kept-asset', cid: fetched.cid }])
    await this.#writeNote(device)
    await this.#append(device, [this.#line()])
  }

  async #filling(device: TestDevice): Promise<void> {
    const random = seededRandom(this.#coop.seed)
    for (let i = 0; i < FILLING_COMMITS; i += 1) {
      // A new pen each time: one that failed has written what is not in the log.
      const pen = await this.#attempt('opening a board', () => BoardPen.open(device, 'menu'))
      if (pen !== null) await this.#append(device, [this.#line(), pen.set('photo', largeText(random))])
    }
  }

  /** Waits until the device writes again by itself. */
  async #recovered(device: TestDevice): Promise<void> {
    const endMs = Date.now() + RECOVERY_MS_MAX
    while (device.engine.failure !== null && Date.now() < endMs) await sleep(5)
    if (device.engine.failure !== null)
      this.#witness.accuse('the disk is well and the engine stays read-only')
  }

  /** Everything works again, and what is on the disk is what was acknowledged. */
  async #goOn(device: TestDevice): Promise<Inspection> {
    this.#see(await inspect(device))
    const codes = this.#codes.length
    await this.#append(device, [this.#line()])
    await this.#ingest(device, 3)
    await this.#addAsset(device, 2)
    await this.#writeNote(device)
    if (this.#codes.length > codes) this.#witness.accuse('the disk is well and something still fails')
    const after = await inspect(device)
    this.#see(after)
    return after
  }

  async #reopened(after: Inspection): Promise<void> {
    const device = await TestDevice.open(this.#path, this.#coop, true)
    try {
      const again = await inspect(device)
      this.#see(again)
      if (again.records.length !== after.records.length)
        this.#witness.accuse(`${after.records.length} commits before closing, ${again.records.length} after`)
      const { partialPath, assetsPath } = device.folder
      const begun = readdirSync(partialPath).filter((it) => it.startsWith('add-'))
      if (begun.length > 0) this.#witness.accuse(`left in partial/: ${begun.join(' ')}`)
      for (const name of readdirSync(assetsPath)) {
        if ((await device.assets?.get(name)) === null) this.#witness.accuse(`left in assets/: ${name}`)
      }
    } finally {
      await device.close()
    }
  }

  #see(inspection: Inspection): void {
    this.#witness.hear(inspection.lines)
    this.#heads = inspection.heads
    for (const { header } of inspection.records)
      for (const { hash } of header.sections) this.#payloads.add(toHex(hash))
  }

  async #append(device: TestDevice, sections: Section[]): Promise<void> {
    const { engine } = device
    try {
      const commit = await engine.append(sections)
      this.#witness.hear([{ t: 'kept', ...seenCommit(device, commit) }])
    } catch (cause) {
      this.#judgeEngine(device, 'append', cause)
      const [line] = sections
      if (line !== undefined) this.#rejected.add(toHex(this.#coop.crypto.sha256(line.payload)))
    }
  }

  async #ingest(device: TestDevice, count: number): Promise<void> {
    const records = new OtherDevices(this.#coop, this.#heads).next(count)
    try {
      const { stored } = device.engine.ingest(records)
      await device.engine.durable()
      for (const { record } of stored) this.#witness.hear([{ t: 'kept', ...seenCommit(device, record) }])
    } catch (cause) {
      this.#judgeEngine(device, 'ingest', cause)
    }
  }

  async #addAsset(device: TestDevice, content: number): Promise<void> {
    const { assets } = device
    if (assets === null) return
    const bytes = new Uint8Array(ASSET_BYTES).fill(content)
    await this.#attempt('add', async () => {
      const { cid } = await assets.addFile(chunks(bytes), () => null)
      await assets.markHeld([cid])
      this.#witness.hear([{ t: 'kept-asset', cid }])
    })
  }

  async #writeNote(device: TestDevice): Promise<void> {
    const note = `${1 + Number(((await device.readNote()) ?? '0').trim())}\n`
    await this.#attempt('note', async () => {
      await device.writeNote(note)
      this.#witness.hear([{ t: 'kept-note', note }])
    })
  }

  /** A listing that no other case or step writes. */
  #line(): Section {
    this.#steps += 1
    return listing(`${this.#path} ${this.#steps}`, 1, this.#coop.crypto)
  }

  #judgeEngine(device: TestDevice, what: string, cause: unknown): void {
    this.#judge(what, cause)
    if (!(cause instanceof CoopError))
      this.#witness.accuse(`${what} rejects with no CoopError: ${String(cause)}`)
    else if (cause.code !== 'disk-full' && cause.code !== 'read-only') {
      this.#witness.accuse(`${what} is refused as ${cause.code}`)
    } else if (device.engine.failure === null)
      this.#witness.accuse(`${what} fails and engine.failure is null`)
  }

  /** The result, or null after an error that a person can understand. */
  async #attempt<T>(what: string, work: () => Promise<T>): Promise<T | null> {
    try {
      return await work()
    } catch (cause) {
      this.#judge(what, cause)
      return null
    }
  }

  #judge(what: string, cause: unknown): void {
    const { code, message, next } = asCoopError(cause)
    this.#codes.push(code)
    if (code === 'internal') this.#witness.accuse(`${what} fails with no clear notice: ${message}`)
    if (code.startsWith('asset-')) this.#witness.accuse(`${what} blames others for our disk: ${message}`)
    if (next === '') this.#witness.accuse(`${what} fails with no next step`)
  }
}
