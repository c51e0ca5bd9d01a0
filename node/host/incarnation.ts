import { randomBytes } from 'node:crypto'
import type { Logger } from 'pino'
import {
  decodeCanonical,
  encodeCanonical,
  equalBytes,
  fromHex,
  isBytes,
  isCount,
  toHex,
} from '#protocol/encoding'
import type { Replica, StoredCommit } from '#protocol/replica'
import type { Fork } from '#protocol/evidence'
import type { Suspension, WriteGate } from '#node/engine'
import { CoopError } from '#node/errors'
import { judgeMarker, lookAtMarked, markerPath, placeOf, readMarker, writeMarker } from '#node/folder'
import type { DeviceMarker, Opening } from '#node/folder'
import type { Store, StoreChange } from '#node/store'
import { HeadQuestion } from './head-question.ts'

/** How often the marker outside the folder is brought up to date while this device writes. A guess: it may lag. */
const MARKER_EVERY_MS = 2_000

/**
 * How it was noticed that the key was used elsewhere: commits of it came from a peer; the marker of this machine knows
 * more than the log; the folder that ran last with it is still there.
 */
export type SupersededBy = 'peer' | 'older' | 'copy'

/** A device whose key was used elsewhere. */
export interface Superseded {
  by: SupersededBy
  /** When it was noticed, by this machine's clock, ms since 1970. */
  sinceMs: number
  /** The fork that a peer proved, whose commits need not all be in this log; null when none was. */
  fork: Suspension | null
}

/** What an incarnation stands on. */
export interface IncarnationParts {
  store: Store
  /** Device key. */
  device: Uint8Array
  /** The data folder. */
  folder: string
  /** Where this machine keeps its markers; null for none. */
  stateFolder: string | null
  log: Logger
  /** False when no other device can be reached. */
  canBeAnswered: () => boolean
  /** Called when it turns out while the node runs that the key was used elsewhere. */
  onSuperseded: () => void
}

/**
 * One life of a device key in one folder. Notices when the folder is an older copy or a second one of a device that
 * wrote on elsewhere, and then lets nothing be written under the key again: two histories of one key would be a fork.
 * After an unclean stop, or when in doubt, it has a peer asked before the first write.
 */
export class Incarnation implements WriteGate {
  readonly question: HeadQuestion
  readonly #parts: IncarnationParts
  readonly #opening: Opening
  #superseded: Superseded | null = null
  #replica: (() => Replica) | null = null
  #marker: DeviceMarker | null = null
  #markerTimer: NodeJS.Timeout | null = null
  /** Last own commit that is on the disk. */
  #head: { commits: number; head: string } = { commits: 0, head: '' }

  private constructor(parts: IncarnationParts, found: { opening: Opening; superseded: Superseded | null }) {
    this.#parts = parts
    this.#opening = found.opening
    this.#superseded = found.superseded
    this.question = new HeadQuestion(parts.canBeAnswered)
  }

  /** Reads what the store knows of the device; `judge` must follow before anything is written. */
  static async open(parts: IncarnationParts): Promise<Incarnation> {
    const { store, device } = parts
    const before = readOpening(await store.get(OPENED), device)
    const superseded = readSuperseded(await store.get(SUPERSEDED), device)
    const opening = { count: (before?.count ?? 0) + 1, id: randomBytes(16).toString('hex') }
    return new Incarnation(parts, { opening, superseded })
  }

  /** How it was noticed that the key was used elsewhere, or null. */
  get superseded(): Superseded | null {
    return this.#superseded
  }

  /** True when two histories of this key are here. */
  get isForked(): boolean {
    const replica = this.#replica?.()
    if (this.suspension !== null) return true
    if (replica === undefined) return false
    return replica.history.branchesOf(replica.history.findDevice(this.#parts.device)).length > 1
  }

  get suspension(): Suspension | null {
    return this.#superseded?.fork ?? null
  }

  get refusal(): CoopError | null {
    if (this.#superseded === null) return null
    const { by } = this.#superseded
    return this.isForked
      ? new CoopError('key-superseded', FORKED, FORKED_NEXT)
      : new CoopError('key-superseded', explain(by), NEXT[by])
  }

  async wait(): Promise<void> {
    if (this.#superseded === null && this.question.isOpen) await this.question.wait()
  }

  foundElsewhere(): void {
    if (this.#superseded !== null && this.#superseded.by !== 'copy') return
    this.#supersede('peer')
    this.#parts.onSuperseded()
  }

  /** A peer has shown two commits of one seq that this key signed: from now on nothing is written under it. */
  proven({ device, seq, ids }: Fork): void {
    if (this.suspension !== null || !equalBytes(device, this.#parts.device)) return
    const commits: Suspension['commits'] = [toHex(ids[0]), toHex(ids[1])]
    const wasStopped = this.isForked && this.#superseded !== null
    this.#supersede('peer', { device: toHex(device), reason: 'fork', seq, commits })
    if (!wasStopped) this.#parts.onSuperseded()
  }

  /**
   * Compares the log with what this machine and the last opening left, and notes this opening. `replica` gives the
   * present one. `isDamaged`: own commits are missing because the disk lost them, so that the folder is no older copy.
   */
  async judge(replica: () => Replica, isDamaged = false): Promise<void> {
    const { store, device, folder, stateFolder } = this.#parts
    this.#replica = replica
    this.#head = headOf(replica(), device)
    const wasRunning = (await store.get(RUNNING)) !== null
    const before = readOpening(await store.get(OPENED), device)
    if (stateFolder !== null) await this.#judgeMarker(stateFolder, { folder, before, isDamaged })
    if (wasRunning && before !== null) this.question.ask()
    const changes: StoreChange[] = [
      { type: 'put', key: OPENED, value: encodeCanonical([device, this.#opening.count, this.#opening.id]) },
      { type: 'put', key: RUNNING, value: new Uint8Array() },
    ]
    await store.write(changes)
    await this.#writeMarker()
  }

  /** Told of commits of this device that are on the disk. */
  noteDurable(own: readonly StoredCommit[]): void {
    const last = own.at(-1)?.record
    if (last === undefined) return
    this.#head = { commits: last.header.seq + 1, head: toHex(last.id) }
    this.#markerTimer ??= setTimeout(() => {
      this.#markerTimer = null
      void this.#writeMarker()
    }, MARKER_EVERY_MS)
  }

  /** Notes that the node ended in order. Nothing may be written afterwards. */
  async close(): Promise<void> {
    if (this.#markerTimer !== null) clearTimeout(this.#markerTimer)
    this.#markerTimer = null
    await this.#writeMarker()
    await this.#parts.store.write([{ type: 'del', key: RUNNING }])
  }

  async #judgeMarker(
    stateFolder: string,
    own: { folder: string; before: Opening | null; isDamaged: boolean },
  ): Promise<void> {
    const { device, log } = this.#parts
    const marker = await readMarker(markerPath(stateFolder, toHex(device)))
    const here = await placeOf(own.folder)
    const marked = marker === null ? 'this' : await lookAtMarked(marker, here)
    const head = fromHex(marker?.head ?? '')
    const isHere = head !== null && head.length === 32 && (this.#replica?.().history.find(head) ?? -1) >= 0
    const hasHead = isHere || own.isDamaged
    this.#marker = { ...here, opening: this.#opening, ...this.#head }
    const verdict = judgeMarker(marker, { place: here.place, opening: own.before, hasHead, marked })
    log.debug({ verdict, marked }, 'the marker of this device was judged')
    if (verdict === 'unsure') this.question.ask()
    else if (verdict !== 'own' && this.#superseded === null) this.#supersede(verdict)
  }

  #supersede(by: SupersededBy, fork: Suspension | null = null): void {
    const { store, device, log } = this.#parts
    this.#superseded = { by, sinceMs: this.#superseded?.sinceMs ?? Date.now(), fork }
    this.question.drop()
    log.warn({ by }, 'the key of this device was used elsewhere; nothing is written under it any more')
    // A copy beside its original is judged anew at each opening: once the original is gone, the copy was a move.
    if (by === 'copy') return
    const proven = fork === null ? [] : [fork.seq, ...fork.commits]
    const value = encodeCanonical([device, by, this.#superseded.sinceMs, ...proven])
    store.write([{ type: 'put', key: SUPERSEDED, value }]).catch((cause: unknown) => {
      log.error({ err: cause }, 'it could not be noted that the key was used elsewhere')
    })
  }

  /** The marker belongs to whoever may write: a copy leaves that of the original alone. */
  async #writeMarker(): Promise<void> {
    const { stateFolder, device, log } = this.#parts
    if (stateFolder === null || this.#marker === null || this.#superseded !== null) return
    try {
      await writeMarker(markerPath(stateFolder, toHex(device)), { ...this.#marker, ...this.#head })
    } catch (cause) {
      log.debug({ err: cause }, 'no marker could be written outside the data folder')
    }
  }
}

/** Keys in the store. */
const OPENED = 'm/opened'
const RUNNING = 'm/running'
export const SUPERSEDED = 'm/superseded'

function headOf(replica: Replica, device: Uint8Array): { commits: number; head: string } {
  const { history } = replica
  const [branch] = history.branchesOf(history.findDevice(device))
  return branch === undefined
    ? { commits: 0, head: '' }
    : { commits: branch.length, head: toHex(history.idOf(branch.end)) }
}

/** The last opening under this key; one under an earlier key of the folder is none. */
function readOpening(value: Uint8Array | null, device: Uint8Array): Opening | null {
  const decoded = value === null ? null : decodeCanonical(value)
  if (decoded?.ok !== true || !Array.isArray(decoded.value)) return null
  const [key, count, id] = decoded.value
  if (!isBytes(key, 32) || !equalBytes(key, device)) return null
  return isCount(count) && typeof id === 'string' ? { count, id } : null
}

/** What the store says of this key; what it says of an earlier one no longer matters. */
function readSuperseded(value: Uint8Array | null, device: Uint8Array): Superseded | null {
  const decoded = value === null ? null : decodeCanonical(value)
  if (decoded?.ok !== true || !Array.isArray(decoded.value)) return null
  const [key, by, sinceMs, seq, a, b] = decoded.value
  if (!isBytes(key, 32) || !equalBytes(key, device) || !isCount(sinceMs)) return null
  if (by !== 'peer' && by !== 'older') return null
  const isProven = isCount(seq) && typeof a === 'string' && typeof b === 'string'
  const fork = isProven ? ({ device: toHex(device), reason: 'fork', seq, commits: [a, b] } as const) : null
  return { by, sinceMs, fork: fork === null ? null : { ...fork, commits: [...fork.commits] } }
}

const FORKED = 'this device is suspended: two histories were written under its key'

function explain(by: SupersededBy): string {
  if (by === 'copy') {
    return (
      'this folder is a copy of another one on this machine, which has the same device key and ran last. Nothing is ' +
      'lost. Two of them would write two histories under one key, so this one writes nothing; it reads, syncs and serves.'
    )
  }
  return (
    'this folder is an older copy (or a second copy) of a device that wrote on elsewhere. Nothing is lost: what that ' +
    'one shared comes here as well. This one writes nothing under the old key; it reads, syncs and serves.'
  )
}

const NEW_KEY = '`coop restore --new-key`, with the recovery kit of the member'
const FORKED_NEXT =
  'Mostly two copies of its folder both wrote before they met. The others keep what they have of both, and take nothing ' +
  `more under this key. Give this folder a key of its own: ${NEW_KEY}; what only this folder holds goes to the others ` +
  'then. docs/runbooks/forked-device.md says more.'
const NEXT: Record<SupersededBy, string> = {
  peer: `To write here again, give this folder a key of its own: ${NEW_KEY}. If it was started by mistake, stop it and use the other one.`,
  older: `To write here again, give this folder a key of its own: ${NEW_KEY}. If it was started by mistake, stop it and use the other one.`,
  copy: `To use both, give this one a key of its own: ${NEW_KEY}. If the folder was moved, remove the original and start again.`,
}
