import { LEDGER, OpenRights, isMoving, readLedgerSection } from '#protocol/ledger'
import type { ExpiringGrant, Flow, LedgerState } from '#protocol/ledger'
import type { CommitRecord } from '#protocol/commit'
import { toHex } from '#protocol/encoding'
import type { Replica } from '#protocol/replica'
import { readCommits } from './commit-source.ts'
import type { CommitSource } from './commit-source.ts'

/** A right that has expired, with what of it is unused. */
export interface ExpiredRight {
  /** `COMMIT/INDEX` of the transfer. */
  grant: string
  unit: string
  /** Device that gave it, hex. */
  from: string
  /** Minor units. */
  amount: bigint
}

/** What stands before the name of a grant in the reference of its way home. */
const HOME = 'expired '

/** Reference of an entry by which the rest of a grant goes home. */
export function homeRef(grant: string): string {
  return HOME + grant
}

/** Rights of one unit that expire, as far as the commits of this device have been taken up. */
interface UnitRights {
  /** Handed over and not accepted so far. */
  waiting: ExpiringGrant[]
  open: OpenRights
  readonly givers: Map<string, string>
  /** Soonest end of one of them, Unix ms. */
  soonestMs: number
  /** Last own commit that was taken up; -1 before the first right was accepted. */
  upTo: number
}

/**
 * Rights that this device was given, that have expired and of which something is unused. Each of its own entries is read once, from
 * the first right that expires on; nothing where there are none.
 */
export class ExpiredRights {
  #replica: Replica | null = null
  /** Rights that expire, of all units, that were sorted in. */
  #sorted = 0
  #units = new Map<string, UnitRights>()
  #turn: Promise<unknown> = Promise.resolve()

  /** Those of one unit, or of all. */
  async at(
    nowMs: number,
    { source, ledger, unit }: { source: CommitSource; ledger: LedgerState; unit?: string },
  ): Promise<ExpiredRight[]> {
    // One after the other: each goes on from where the last one ended.
    const turn = this.#turn.then(async () => {
      this.#sort(source.replica, ledger)
      const expired: ExpiredRight[] = []
      for (const [id, rights] of unit === undefined ? this.#units : this.#only(unit)) {
        // Who asks for all does it now and then, so that not all is left to be read when the first one expires.
        if (rights.soonestMs === Infinity || (unit !== undefined && rights.soonestMs > nowMs)) continue
        await this.#takeUp(id, rights, { source, ledger })
        for (const [grant, amount] of rights.open.expired(nowMs))
          expired.push({ grant, unit: id, from: rights.givers.get(grant) ?? '', amount })
      }
      return expired
    })
    this.#turn = turn.catch(() => null)
    return turn
  }

  #only(unit: string): [string, UnitRights][] {
    const rights = this.#units.get(unit)
    return rights === undefined ? [] : [[unit, rights]]
  }

  /** Sorts in what was handed over since the last time. */
  #sort(replica: Replica, ledger: LedgerState): void {
    if (this.#replica !== replica) {
      this.#replica = replica
      this.#units = new Map()
      this.#sorted = 0
    }
    const grants = ledger.grantsTo(replica.device ?? '')
    for (; this.#sorted < grants.length; this.#sorted += 1) {
      const grant = grants[this.#sorted] as ExpiringGrant
      let rights = this.#units.get(grant.unit)
      if (rights === undefined) {
        rights = { waiting: [], open: new OpenRights(), givers: new Map(), soonestMs: Infinity, upTo: -1 }
        this.#units.set(grant.unit, rights)
      }
      rights.waiting.push(grant)
      rights.soonestMs = Math.min(rights.soonestMs, grant.expiresMs)
    }
  }

  /** Takes up what came to this device of a unit and left it since the last time. */
  async #takeUp(
    unit: string,
    rights: UnitRights,
    { source, ledger }: { source: CommitSource; ledger: LedgerState },
  ): Promise<void> {
    const { replica } = source
    const { history, documents, epochs } = replica
    const { evaluation } = epochs
    const own = replica.device ?? ''
    /** By the own commit that accepted them. */
    const accepted = new Map<number, Flow[]>()
    const waiting = rights.waiting.filter((grant) => {
      const by = evaluation.acceptedBy(grant, own).find((order) => documents.nameOf(order) === own)
      // What is void now is so for ever.
      if (by === undefined) return !evaluation.isVoid(grant.order)
      const name = `${toHex(history.idOf(grant.order))}/${grant.act}`
      rights.givers.set(name, documents.nameOf(grant.order))
      const { amount, expiresMs } = grant
      accepted.set(by, [...(accepted.get(by) ?? []), { kind: 'in', amount, expiresMs, grant: name }])
      return false
    })
    const first = [...accepted.keys()].reduce((least, it) => Math.min(least, it), Infinity)
    const from = rights.upTo >= 0 ? rights.upTo + 1 : first
    const places = new Set(accepted.keys())
    const orders = ledger.ordersOf(unit)
    for (let at = orders.length - 1; (orders.at(at) ?? -1) >= from; at -= 1) {
      const order = orders.at(at) ?? -1
      if (documents.nameOf(order) === own) places.add(order)
    }
    const sorted = [...places].sort((a, b) => a - b)
    const flows: Flow[] = []
    if (rights.upTo < 0 && first < Infinity) {
      const had = evaluation.leftBefore({ order: first, account: unit })
      if (had > 0n) flows.push({ kind: 'in', amount: had, expiresMs: null, grant: '' })
    }
    let at = 0
    for await (const record of readCommits(source, sorted)) {
      const order = sorted[at] ?? -1
      flows.push(...(accepted.get(order) ?? []))
      if (order >= from) flows.push(...flowsIn(record, unit, replica))
      at += 1
    }
    // Nothing is noted before all is read: a disk may fail.
    for (const flow of flows) rights.open.take(flow)
    const { soonestMs } = rights.open
    rights.waiting = waiting
    rights.soonestMs = waiting.reduce((ms, it) => Math.min(ms, it.expiresMs), soonestMs)
    rights.upTo = Math.max(rights.upTo, sorted.at(-1) ?? -1)
    if (soonestMs < Infinity) return
    // Nothing is left that expires: nothing need be read before the next right is accepted.
    rights.open = new OpenRights()
    rights.upTo = -1
  }
}

/** What an own commit does with a unit. */
function flowsIn(record: CommitRecord, unit: string, replica: Replica): Flow[] {
  const { sections } = record.header
  const section = sections.findIndex((it) => it.document === LEDGER)
  const payload = record.payloads[section] ?? null
  const refs = section < 0 ? [] : refsOf(payload, sections[section]?.entries ?? 0)
  return replica.actsOf(record).flatMap((act, i): Flow[] => {
    if (act.kind === 'define') return []
    if (act.unit === unit) return [{ kind: 'out', amount: act.amount, grant: grantOfRef(refs[i]) }]
    if (act.kind !== 'fact' || act.into !== unit) return []
    return [{ kind: 'in', amount: act.amount, expiresMs: null, grant: '' }]
  })
}

function refsOf(payload: Uint8Array | null, entries: number): (string | undefined)[] {
  const read = payload === null ? null : readLedgerSection(payload, entries)
  return (read ?? []).map((it) => (isMoving(it) ? it.ref : undefined))
}

function grantOfRef(ref: string | undefined): string | null {
  return ref?.startsWith(HOME) === true ? ref.slice(HOME.length) : null
}
