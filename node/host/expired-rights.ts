import { LEDGER, expiredRights, isMoving, readLedgerSection } from '#protocol/ledger'
import type { Flow, LedgerState } from '#protocol/ledger'
import { toHex } from '#protocol/encoding'
import type { Engine } from '#node/engine'
import { readCommits } from './commit-source.ts'

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

/**
 * Rights that this device was given, that have expired and of which something is unused. Reads this device's own entries
 * from the first right that expires on; nothing where there are none.
 */
export async function expiredHere(
  engine: Engine,
  ledger: LedgerState,
  nowMs: number,
): Promise<ExpiredRight[]> {
  const own = engine.replica.device ?? ''
  const expiring = ledger.grantsTo(own)
  if (!expiring.some((it) => it.expiresMs <= nowMs)) return []
  const expired: ExpiredRight[] = []
  for (const unit of new Set(expiring.map((it) => it.unit))) {
    const { flows, givers } = await flowsOf(unit, engine, ledger)
    for (const [grant, amount] of expiredRights(flows, nowMs))
      expired.push({ grant, unit, from: givers.get(grant) ?? '', amount })
  }
  return expired
}

/** What came to this device of a unit and left it, from its first right that expires on. */
async function flowsOf(
  unit: string,
  engine: Engine,
  ledger: LedgerState,
): Promise<{ flows: Flow[]; givers: Map<string, string> }> {
  const { replica } = engine
  const { history, documents, epochs } = replica
  const { evaluation } = epochs
  const own = replica.device ?? ''
  const nameOf = (order: number, act: number): string => `${toHex(history.idOf(order))}/${act}`
  const givers = new Map<string, string>()
  /** By the own commit that accepted them. */
  const accepted = new Map<number, Flow[]>()
  for (const grant of ledger.grantsTo(own)) {
    const by = evaluation.acceptedBy(grant, own).find((order) => documents.nameOf(order) === own)
    if (grant.unit !== unit || by === undefined) continue
    const name = nameOf(grant.order, grant.act)
    givers.set(name, documents.nameOf(grant.order))
    const { amount, expiresMs } = grant
    accepted.set(by, [...(accepted.get(by) ?? []), { kind: 'in', amount, expiresMs, grant: name }])
  }
  const first = Math.min(...accepted.keys())
  if (!Number.isFinite(first)) return { flows: [], givers }
  const flows: Flow[] = []
  const had = evaluation.leftBefore({ order: first, account: unit })
  if (had > 0n) flows.push({ kind: 'in', amount: had, expiresMs: null, grant: '' })
  const orders = ledger.ordersOf(unit)
  const written = new Set<number>()
  for (let at = orders.length - 1; at >= 0; at -= 1) {
    const order = orders.at(at) ?? -1
    if (order < first) break
    if (documents.nameOf(order) === own) written.add(order)
  }
  const places = [...new Set([...written, ...accepted.keys()])].sort((a, b) => a - b)
  let at = 0
  for await (const record of readCommits(engine, places)) {
    flows.push(...(accepted.get(places[at] ?? -1) ?? []))
    at += 1
    const section = record.header.sections.findIndex((it) => it.document === LEDGER)
    const refs =
      section < 0
        ? []
        : refsOf(record.payloads[section] ?? null, record.header.sections[section]?.entries ?? 0)
    for (const [i, act] of replica.actsOf(record).entries()) {
      if (act.kind === 'define') continue
      if (act.unit === unit) flows.push({ kind: 'out', amount: act.amount, grant: grantOfRef(refs[i]) })
      else if (act.kind === 'fact' && act.into === unit)
        flows.push({ kind: 'in', amount: act.amount, expiresMs: null, grant: '' })
    }
  }
  return { flows, givers }
}

function refsOf(payload: Uint8Array | null, entries: number): (string | undefined)[] {
  const read = payload === null ? null : readLedgerSection(payload, entries)
  return (read ?? []).map((it) => (isMoving(it) ? it.ref : undefined))
}

function grantOfRef(ref: string | undefined): string | null {
  return ref?.startsWith(HOME) === true ? ref.slice(HOME.length) : null
}
