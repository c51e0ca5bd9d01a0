import { MEMO_LENGTH_MAX, isUnitId } from '#protocol/ledger'
import type { EntryName, EntryNotes, LedgerEntry, LedgerState, MoveName, UnitInfo } from '#protocol/ledger'
import { parseAmount } from '#protocol/ledger/money'
import { fromHex, isName } from '#protocol/encoding'
import type { History } from '#protocol/history'
import { CoopError } from '#node/errors'
import { shownText } from '#apps/shown-text'
import { findCommit } from './commit-lookup.ts'
import type { RosterNames } from './roster-names.ts'

/** What people may say of an entry beside what it does. */
export interface NotesRequest {
  memo?: string | undefined
  /** What it pays for. */
  ref?: string | undefined
  /** `COMMIT` or `COMMIT/INDEX`: the entry that it takes back. */
  reverses?: string | undefined
}

/** An entry as people ask for it: units by id or code, amounts as text by the unit's scale, devices by whatever names them. */
export type EntryRequest = NotesRequest & {
  unit: string
  amount: string
} & ({ type: MoveName } | { type: 'transfer'; to: string; expiresMs?: number | undefined })

/** Where what a request names is found. */
export interface LedgerParts {
  ledger: LedgerState
  history: History
  names: RosterNames
  /** This device's clock, Unix ms. */
  nowMs: number
}

/** The unit that an id, the beginning of one (8 letters or more) or a code means. */
export function findUnit(ledger: LedgerState, text: string): UnitInfo {
  // Tills name units by id: with each sale, whatever number of units there is.
  const named = isUnitId(text) ? ledger.unit(text) : null
  if (named !== null) return named
  const units = ledger.units()
  const isPrefix = text.length >= UNIT_PREFIX_MIN && text.includes('-')
  const found = units.filter((it) => it.code === text.toUpperCase() || (isPrefix && it.id.startsWith(text)))
  const [exact] = found
  if (exact === undefined)
    throw new CoopError(
      'unit-unknown',
      `no unit is called '${shownText(text.slice(0, 80))}'`,
      units.length === 0
        ? 'Define one first: `coop ledger define CODE --kind stock`.'
        : `Units here: ${units
            .slice(0, UNITS_NAMED_MAX)
            .map((it) => it.code)
            .join(', ')}. Run \`coop ledger units\`.`,
    )
  if (found.length === 1) return exact
  throw new CoopError(
    'name-ambiguous',
    `${found.length} units have the code ${exact.code}: ${found
      .slice(0, UNITS_NAMED_MAX)
      .map((it) => it.id)
      .join(', ')}`,
    'Give the id instead of the code.',
  )
}

/** The amount that a text means by the unit's scale, minor units. */
export function amountOf(text: string, unit: UnitInfo): bigint {
  const parsed = parseAmount(text, unit.scale)
  if (parsed.ok) return parsed.amount
  throw new CoopError(
    'amount-malformed',
    `'${shownText(text.slice(0, 40))}' is no amount of ${unit.code} (${parsed.refusal})`,
    sentence(parsed.message),
  )
}

/** The entry that a request means. Refuses what this device's own clock forbids. */
export function entryOf(request: EntryRequest, parts: LedgerParts): LedgerEntry {
  const { ledger, names, nowMs } = parts
  const unit = findUnit(ledger, request.unit)
  const amount = amountOf(request.amount, unit)
  needUnexpired(unit, request.type, nowMs)
  const notes = notesOf(request, parts)
  const { id } = unit
  if (request.type !== 'transfer') return { t: request.type, unit: id, amount, ...notes }
  const to = fromHex(names.findDevice(request.to)) ?? new Uint8Array(32)
  const { expiresMs } = request
  if (expiresMs !== undefined && expiresMs <= nowMs)
    throw new CoopError(
      'right-expired',
      'the right would have expired before it is given',
      'Give a later time.',
    )
  return { t: 'transfer', to, unit: id, amount, ...notes, ...(expiresMs === undefined ? {} : { expiresMs }) }
}

function needUnexpired(unit: UnitInfo, type: EntryRequest['type'], nowMs: number): void {
  const isHomeward = type === 'return' || type === 'write-back' || type === 'withdraw' || type === 'repay'
  if (unit.expiresMs === null || unit.expiresMs > nowMs || isHomeward) return
  throw new CoopError(
    'right-expired',
    `${unit.code} expired on ${new Date(unit.expiresMs).toISOString()}, by this device's clock`,
    'It can only be handed back now: `coop ledger return`. If the clock of this device is wrong, set it.',
  )
}

function notesOf({ memo, ref, reverses }: NotesRequest, { history }: LedgerParts): EntryNotes {
  const notes: EntryNotes = {}
  if (memo !== undefined) notes.memo = lineOf('memo', memo)
  if (ref !== undefined) notes.ref = lineOf('reference', ref)
  if (reverses !== undefined) notes.reverses = entryNameOf(reverses, history)
  return notes
}

function lineOf(what: string, text: string): string {
  if (isName(text, MEMO_LENGTH_MAX)) return text
  throw new CoopError(
    'usage',
    `a ${what} has 1 to ${MEMO_LENGTH_MAX} characters, no blank at either end and none that are not seen or turn the direction`,
    'Write it in one line, and shorter.',
  )
}

/** `COMMIT` or `COMMIT/INDEX`. */
function entryNameOf(text: string, history: History): EntryName {
  const [commit = '', index = '0', ...rest] = text.split('/')
  if (rest.length > 0 || !/^\d{1,4}$/.test(index))
    throw new CoopError(
      'usage',
      `'${shownText(text.slice(0, 80))}' names no entry`,
      'Give COMMIT/INDEX as `coop ledger history` shows it.',
    )
  return { commit: history.idOf(findCommit(history, commit)).slice(), index: Number(index) }
}

/** Letters of an id that is shortened, at least: its kind and some more. */
const UNIT_PREFIX_MIN = 8
const UNITS_NAMED_MAX = 6

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`
}
