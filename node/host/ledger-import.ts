import { accountKey, encodeLedgerEntries, unitIdOf } from '#protocol/ledger'
import type { LedgerEntry, LedgerState, UnitDefinition, UnitInfo, UnitKind } from '#protocol/ledger'
import { IMPORT_ROWS_MAX, formatAmount } from '#protocol/ledger/money'
import type { ImportResult, PlannedEntry, PlannedUnit } from '#protocol/ledger/money'
import { PAYLOAD_BYTES_MAX } from '#protocol/commit'
import { fromHex, toHex } from '#protocol/encoding'
import { CoopError } from '#node/errors'
import type { CoopNode } from './coop-node.ts'
import type { ImportView } from './money-desk.ts'
import type { DeviceName } from './roster-names.ts'

/** A unit that an import issues. */
export interface ImportedUnit {
  code: string
  kind: string
  isNew: boolean
  /** As text by the unit's scale. */
  amount: string
}

/** What a device gets of a unit by an import. */
export interface ImportedHolding {
  device: DeviceName
  isOwn: boolean
  code: string
  /** As text by the unit's scale. */
  amount: string
}

/** How far an import is. */
export interface ImportProgress {
  doneEntries: number
  totalEntries: number
}

/** How an import is run. */
export interface ImportOptions {
  /** Only says what it would write. */
  isDry: boolean
  onProgress?: ((progress: ImportProgress) => void) | undefined
  /** Ends it between two commits. */
  signal?: AbortSignal | undefined
}

/** Entries of one commit of an import. A guess: far from the limits of a commit. */
const ENTRIES_PER_COMMIT = 1_000

/**
 * Writes what an import has planned, some entries a commit. The same file again goes on where it was interrupted and writes
 * nothing twice: what it defines and what each commit is called follow from its bytes and this device.
 */
export async function importEntries(
  plan: ImportResult & { ok: true },
  bytes: Uint8Array,
  options: ImportOptions & { node: CoopNode },
): Promise<ImportView> {
  const { isDry, node, onProgress, signal } = options
  const file = node.crypto.sha256(bytes)
  if (!(await node.ledger.isWritten(chunkId(file, 0, node)))) needRights(plan, node)
  const units = plan.totals.map((it) => ({
    ...{ code: it.code, kind: it.kind, isNew: it.unit.isNew, amount: formatAmount(it.amount, it.scale) },
  }))
  const entries = entriesOf(plan.entries, file, node)
  const holdings = holdingsOf(plan, node)
  const view = { isDry, units, holdings, entries: entries.length, entriesBefore: 0, commits: [] as string[] }
  let doneEntries = 0
  for (const [place, chunk] of chunksOf(entries).entries()) {
    const id = chunkId(file, place, node)
    if (await node.ledger.isWritten(id)) view.entriesBefore += chunk.length
    if (isDry) continue
    if (signal?.aborted === true)
      throw new CoopError('interrupted', 'the import was stopped', 'The same file again goes on from there.')
    view.commits.push((await node.ledger.appendOnce(id, chunk)).commit)
    doneEntries += chunk.length
    onProgress?.({ doneEntries, totalEntries: entries.length })
  }
  return view
}

/** What each device gets, the importing one first. */
function holdingsOf({ entries, totals }: ImportResult & { ok: true }, node: CoopNode): ImportedHolding[] {
  const own = toHex(node.signer.publicKey)
  const sums = new Map<string, Map<string, bigint>>()
  const add = (unit: PlannedUnit, device: string, amount: bigint): void => {
    const key = keyOf(unit)
    const held = sums.get(key) ?? new Map<string, bigint>([[own, 0n]])
    held.set(device, (held.get(device) ?? 0n) + amount)
    sums.set(key, held)
  }
  for (const it of entries) {
    if (it.type === 'issue') add(it.unit, own, it.amount)
    if (it.type !== 'transfer') continue
    add(it.unit, own, -it.amount)
    add(it.unit, it.to.device, it.amount)
  }
  return totals.flatMap(({ unit, code, scale }) =>
    [...(sums.get(keyOf(unit)) ?? [])]
      .filter(([, amount]) => amount > 0n)
      .map(([device, amount]) => ({
        ...{ device: node.ledger.names.device(device), isOwn: device === own },
        ...{ code, amount: formatAmount(amount, scale) },
      })),
  )
}

/** Tells units of a plan apart; no id has a blank. */
function keyOf(unit: PlannedUnit): string {
  return unit.isNew ? ` ${unit.label}` : unit.id
}

function entriesOf(planned: readonly PlannedEntry[], file: Uint8Array, node: CoopNode): LedgerEntry[] {
  const own = node.signer.publicKey
  const ids = new Map<string, string>()
  const idOf = (unit: PlannedUnit): string => (unit.isNew ? (ids.get(unit.label) ?? '') : unit.id)
  return planned.map((it): LedgerEntry => {
    if (it.type === 'define') {
      const nonce = nonceOf(file, ids.size, node)
      const { code, scale, supply } = it
      const unit: UnitDefinition = {
        ...{ code, kind: it.kind as UnitKind, scale, name: code, supply },
        ...{ relayMax: null, expiresMs: null, nonce },
      }
      ids.set(it.label, unitIdOf(own, unit, node.crypto.sha256))
      return { t: 'define', unit }
    }
    const { amount, memo } = it
    const said = memo === '' ? {} : { memo }
    const unit = idOf(it.unit)
    if (it.type === 'issue') return { t: 'issue', unit, amount, ...said }
    return { t: 'transfer', to: fromHex(it.to.device) ?? own, unit, amount, ...said }
  })
}

/** The units of the ledger without those that this very file made, so that it is planned again as it was planned first. */
export function unitsBefore(bytes: Uint8Array, ledger: LedgerState, node: CoopNode): UnitInfo[] {
  const file = node.crypto.sha256(bytes)
  const own = node.membership.engine.replica.device
  const made = new Set(
    Array.from({ length: IMPORT_ROWS_MAX }, (_, count) => toHex(nonceOf(file, count, node))),
  )
  return ledger.units().filter((it) => it.device !== own || !made.has(toHex(it.nonce)))
}

/** Nonce of a unit that a file makes; `count`: of the units that it makes before. Each has a line of its own. */
function nonceOf(file: Uint8Array, count: number, { crypto }: CoopNode): Uint8Array {
  return crypto.sha256(Uint8Array.of(...file, count & 0xff, count >>> 8, 1)).slice(0, 16)
}

function chunkId(file: Uint8Array, place: number, { crypto }: CoopNode): Uint8Array {
  return crypto.sha256(Uint8Array.of(...file, place & 0xff, place >>> 8, 0)).slice(0, 16)
}

/** What seals alone let a device issue must be allowed before. */
function needRights({ totals }: ImportResult & { ok: true }, node: CoopNode): void {
  for (const { unit, code, amount, scale, needsAllowance } of totals) {
    if (!needsAllowance) continue
    const has = unit.isNew ? 0n : node.ledger.spendable(accountKey(unit.id, 'issuable'))
    if (has >= amount) continue
    throw new CoopError(
      'not-covered',
      `the file issues ${formatAmount(amount, scale)} ${code}, and this device may issue ${formatAmount(has, scale)}; nothing was written`,
      unit.isNew
        ? `Define it first: \`coop ledger define ${code} --kind money\`, then ask for the right: \`coop propose allow\`.`
        : `Ask the stewards for the right: \`coop propose allow DEVICE ${code} AMOUNT\`.`,
    )
  }
}

function chunksOf(entries: readonly LedgerEntry[]): LedgerEntry[][] {
  const chunks: LedgerEntry[][] = []
  for (let at = 0; at < entries.length;) {
    let count = Math.min(ENTRIES_PER_COMMIT, entries.length - at)
    while (count > 1 && encodeLedgerEntries(entries.slice(at, at + count)).length > PAYLOAD_BYTES_MAX / 2)
      count >>= 1
    chunks.push(entries.slice(at, at + count))
    at += count
  }
  return chunks
}
