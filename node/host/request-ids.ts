import { createHash } from 'node:crypto'
import { LEDGER, readLedgerSection } from '#protocol/ledger'
import type { LedgerEntry } from '#protocol/ledger'
import { toHex } from '#protocol/encoding'
import type { Engine } from '#node/engine'
import type { WrittenEntries } from './ledger-desk.ts'

/** Own ledger commits that are looked through for the id of a request. A guess: a day of a busy till. */
export const REMEMBERED_COMMITS = 4_096
/** Commits read at a time. */
const READ_COMMITS = 64

/**
 * Which requests this device has written: one that is sent again, because its answer was lost, is written once. Ids stand
 * in the entries themselves, so they outlive a crash; the newest of this device's ledger commits are remembered.
 */
export class RequestIds {
  /** By id (hex): commit (hex), or the write that is under way. */
  readonly #known = new Map<string, Promise<string>>()
  #engine: Engine | null = null
  #reading: Promise<void> | null = null

  /** Writes a request unless it was written already. */
  async once(id: Uint8Array, engine: Engine, write: () => Promise<WrittenEntries>): Promise<WrittenEntries> {
    await this.#read(engine)
    const key = toHex(id)
    const known = this.#known.get(key)
    if (known !== undefined) return { commit: await known, isRepeat: true }
    const written = write()
    const commit = written.then((it) => it.commit)
    this.#known.set(key, commit)
    commit.catch(() => this.#known.delete(key))
    if (this.#known.size > REMEMBERED_COMMITS) this.#known.delete(this.#known.keys().next().value ?? '')
    return written
  }

  /** True when a request with this id was written, or is under way. */
  async has(id: Uint8Array, engine: Engine): Promise<boolean> {
    await this.#read(engine)
    return this.#known.has(toHex(id))
  }

  async #read(engine: Engine): Promise<void> {
    if (this.#engine !== engine) {
      this.#engine = engine
      this.#known.clear()
      this.#reading = this.#readOwn(engine)
    }
    await this.#reading
  }

  /** The ids in this device's newest ledger commits, the oldest first. */
  async #readOwn(engine: Engine): Promise<void> {
    const { replica } = engine
    const orders = replica.documentLog(LEDGER)?.orders
    const own: number[] = []
    for (let at = (orders?.length ?? 0) - 1; at >= 0 && own.length < REMEMBERED_COMMITS; at -= 1) {
      const order = orders?.at(at) ?? -1
      if (replica.documents.nameOf(order) === replica.device) own.push(order)
    }
    own.reverse()
    for (let at = 0; at < own.length;) {
      const records = await engine.read(own.slice(at, at + READ_COMMITS))
      for (const { header, id, payloads } of records) {
        const i = header.sections.findIndex((it) => it.document === LEDGER)
        for (const entry of readLedgerSection(payloads[i] ?? NONE, header.sections[i]?.entries ?? 0) ?? []) {
          const named = requestOf(entry)
          if (named !== null) this.#known.set(named, Promise.resolve(toHex(id)))
        }
      }
      if (records.length === 0) break
      at += records.length
    }
  }
}

/** The id of the request that an entry was written for, hex; a definition has it as its nonce. */
function requestOf(entry: LedgerEntry): string | null {
  if (entry.t === 'define') return toHex(entry.unit.nonce)
  if (entry.t === 'rule') return toHex(ruleRequest(entry.rule))
  return entry.id === undefined ? null : toHex(entry.id)
}

/** What names the request for a split rule: what the rule says. */
export function ruleRequest(rule: Uint8Array): Uint8Array {
  return new Uint8Array(createHash('sha256').update(rule).digest())
}

const NONE: Uint8Array = new Uint8Array()
