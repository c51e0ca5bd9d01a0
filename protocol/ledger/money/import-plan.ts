import {
  CODE_LENGTH_MAX,
  MEMO_LENGTH_MAX,
  SEALED_KINDS,
  UNIT_KINDS,
  isDivisible,
  isUnitCode,
} from '../unit.ts'
import type { UnitKind } from '../unit.ts'
import { AMOUNT_LIMIT, SCALE_MAX, parseAmount } from './amount.ts'
import type { AmountRefusal } from './amount.ts'
import { BALANCE_COLUMNS } from './csv-export.ts'
import { IMPORT_ERRORS_MAX, readImportFile } from './import-file.ts'
import type { FileError, ImportFileRefusal, ImportRow } from './import-file.ts'
import type { Holder, UnitInfo } from './ledger-row.ts'

/** Kinds of units that a file may define. Admissions are made with tickets. */
export const IMPORT_KINDS: readonly UnitKind[] = UNIT_KINDS.filter((it) => it !== 'admission')

/** Why a line is not imported. Stable: apps translate these for people. */
export type ImportRefusal =
  | ImportFileRefusal
  | AmountRefusal
  | 'import-unit'
  | 'import-unit-unclear'
  | 'import-unit-differs'
  | 'import-kind'
  | 'import-scale'
  | 'import-holder'
  | 'import-holder-unclear'
  | 'import-memo'
  | 'import-sum'

/** A device that balances can be given to, with the names that people know it and its member by. */
export interface ImportHolder extends Holder {
  deviceName: string
  memberName: string
}

/** What the file is read against. */
export interface ImportContext {
  /** The units that the ledger has. */
  units: readonly UnitInfo[]
  /** All devices of the co-op. */
  holders: readonly ImportHolder[]
  /** The device that imports: it issues, and pays out what others are to hold. */
  self: string
}

/** A unit that the ledger has, or one that the plan defines, by a label of the plan's own. */
export type PlannedUnit = { isNew: false; id: string } | { isNew: true; label: string }

/** An entry to be written. `line` is the line of the file that asks for it; of the issue of what transfers then pay, the first of them. */
export type PlannedEntry =
  | {
      type: 'define'
      label: string
      code: string
      kind: string
      scale: number
      /** All that the file issues, where the kind may have a supply; else 0n. */
      supply: bigint
      line: number
    }
  | { type: 'issue'; unit: PlannedUnit; amount: bigint; memo: string; line: number }
  | { type: 'transfer'; unit: PlannedUnit; to: Holder; amount: bigint; memo: string; line: number }

/** What a file issues of a unit. Where it needs an allowance, the importing device must have that much right to issue beforehand. */
export interface ImportTotal {
  unit: PlannedUnit
  code: string
  kind: string
  scale: number
  amount: bigint
  needsAllowance: boolean
}

/** The entries in the order in which they are to be written, or all errors that were found (the first 100). */
export type ImportResult =
  | { ok: true; entries: PlannedEntry[]; totals: ImportTotal[] }
  | { ok: false; errors: FileError<ImportRefusal>[] }

/**
 * Reads a CSV file of opening balances and stock and plans the entries that bring them into the ledger. Columns: `unit` (id) or `code`; `kind` and `scale`,
 * needed where the ledger does not have the unit; `device` or `member` (key or name; neither: the importing device); `amount`; `memo`. Writes nothing. Never throws.
 */
export function planImport(bytes: Uint8Array, context: ImportContext): ImportResult {
  const file = readImportFile(bytes, COLUMNS)
  const planner = new Planner(context, file.errors)
  for (const row of file.rows) if (planner.errors.length < IMPORT_ERRORS_MAX) planner.add(row)
  if (planner.errors.length === 0) return { ok: true, entries: planner.entries(), totals: planner.totals() }
  const errors = planner.errors.sort((a, b) => a.line - b.line).slice(0, IMPORT_ERRORS_MAX)
  return { ok: false, errors }
}

const COLUMNS = { allowed: BALANCE_COLUMNS, needed: [['unit', 'code'], ['amount']] }

interface UnitPlan {
  unit: PlannedUnit
  info: Omit<UnitInfo, 'id'>
  line: number
  issues: PlannedEntry[]
  transfers: PlannedEntry[]
  own: bigint
  paid: bigint
}

type Read<T> = { ok: true; value: T } | { ok: false; refusal: ImportRefusal; message: string; column: string }

class Planner {
  readonly errors: FileError<ImportRefusal>[]
  readonly #self: string
  readonly #byId: ReadonlyMap<string, UnitInfo>
  readonly #byCode: ReadonlyMap<string, readonly UnitInfo[]>
  readonly #holders: HolderTable
  /** By id of a known unit, or by label of a new one behind a blank, which no id has. */
  readonly #plans = new Map<string, UnitPlan>()

  constructor({ units, holders, self }: ImportContext, errors: readonly FileError<ImportFileRefusal>[]) {
    this.errors = [...errors]
    this.#self = self
    this.#byId = new Map(units.map((unit) => [unit.id, unit]))
    this.#byCode = Map.groupBy(this.#byId.values(), (unit) => unit.code)
    this.#holders = new HolderTable(holders, self)
  }

  add(row: ImportRow): void {
    const plan = this.#unit(row)
    const holder = this.#holders.of(row)
    const memo = row.text('memo')
    if (!holder.ok) this.#refuse(row, holder)
    if (memo.length > MEMO_LENGTH_MAX) {
      const message = `write at most ${MEMO_LENGTH_MAX} characters`
      this.#refuse(row, { refusal: 'import-memo', message, column: 'memo' })
    }
    if (!plan.ok) {
      this.#refuse(row, plan)
      return
    }
    const { unit, info } = plan.value
    const amount = parseAmount(row.text('amount'), info.scale)
    if (!amount.ok) this.#refuse(row, { ...amount, column: 'amount' })
    if (!amount.ok || !holder.ok) return
    if (plan.value.own + plan.value.paid + amount.amount >= AMOUNT_LIMIT) {
      const message = `lower it: all amounts of ${info.code} together must stay below 2^63 minor units`
      this.#refuse(row, { refusal: 'import-sum', message, column: 'amount' })
      return
    }
    const entry = { unit, amount: amount.amount, memo, line: row.line }
    if (holder.value.device === this.#self) {
      plan.value.own += amount.amount
      plan.value.issues.push({ type: 'issue', ...entry })
    } else {
      plan.value.paid += amount.amount
      const { device, member } = holder.value
      plan.value.transfers.push({ type: 'transfer', to: { device, member }, ...entry })
    }
  }

  entries(): PlannedEntry[] {
    const entries: PlannedEntry[] = []
    for (const { unit, info, line, issues, transfers, own, paid } of this.#plans.values()) {
      if (unit.isNew) {
        const supply = hasOwnSupply(info.kind) ? own + paid : 0n
        entries.push({ type: 'define', label: unit.label, ...info, supply, line })
      }
      for (const issue of issues) entries.push(issue)
      const first = transfers[0]
      if (first !== undefined) entries.push({ type: 'issue', unit, amount: paid, memo: '', line: first.line })
      for (const transfer of transfers) entries.push(transfer)
    }
    return entries
  }

  totals(): ImportTotal[] {
    return [...this.#plans.values()].map(({ unit, info, own, paid }) => ({
      ...{ unit, code: info.code, kind: info.kind, scale: info.scale, amount: own + paid },
      needsAllowance: !unit.isNew || !hasOwnSupply(info.kind),
    }))
  }

  #unit(row: ImportRow): Read<UnitPlan> {
    const [id, code] = [row.text('unit'), row.text('code')]
    const column = id === '' ? 'code' : 'unit'
    if (id === '' && code === '') {
      return no('import-unit', 'write the code of a unit, such as EUR, or its id in the column unit', column)
    }
    const known = this.#byId.get(id)
    if (known !== undefined) return this.#known(known, row)
    const alike = id === '' ? (this.#byCode.get(code) ?? []) : []
    if (alike.length > 1) {
      const ids = alike.slice(0, 3).map((unit) => unit.id)
      return no(
        'import-unit-unclear',
        `write which ${code} is meant in the column unit: ${ids.join(' or ')}`,
        'code',
      )
    }
    return alike[0] === undefined ? this.#new(row) : this.#known(alike[0], row)
  }

  #known(info: UnitInfo, row: ImportRow): Read<UnitPlan> {
    const plan = this.#planOf(info.id, { isNew: false, id: info.id }, info, row)
    for (const name of ['code', 'kind', 'scale'] as const) {
      const text = row.text(name)
      if (text === '' || text === String(info[name])) continue
      return no(
        'import-unit-differs',
        `the ledger has this unit with ${name} ${info[name]}: write that or nothing`,
        name,
      )
    }
    return { ok: true, value: plan }
  }

  #new(row: ImportRow): Read<UnitPlan> {
    const [id, code, kind, scale] = ['unit', 'code', 'kind', 'scale'].map((name) => row.text(name)) as Texts
    const label = id === '' ? code : id
    const notKnown = `the ledger has no unit ${label.slice(0, CODE_LENGTH_MAX)}: to define it,`
    if (!isUnitCode(code)) {
      return no(
        'import-unit',
        `${notKnown} write a code of 1 to ${CODE_LENGTH_MAX} capital letters, digits, dots, dashes or underscores`,
        'code',
      )
    }
    if (!(IMPORT_KINDS as readonly string[]).includes(kind)) {
      return no('import-kind', `${notKnown} write a kind out of ${IMPORT_KINDS.join(', ')}`, 'kind')
    }
    if (!/^[0-9]{1,2}$/.test(scale) || Number(scale) > SCALE_MAX) {
      const message = `${notKnown} write its decimal places as scale, 0 to ${SCALE_MAX}: 2 for cents, 0 for pieces`
      return no('import-scale', message, 'scale')
    }
    if (Number(scale) > 0 && !isDivisible(kind as UnitKind)) {
      return no('import-scale', `${notKnown} write 0 as scale: a ${kind} has no smaller parts`, 'scale')
    }
    const info = { code, kind, scale: Number(scale) }
    const plan = this.#planOf(` ${label}`, { isNew: true, label }, info, row)
    for (const name of ['code', 'kind', 'scale'] as const) {
      if (plan.info[name] === info[name]) continue
      return no(
        'import-unit-differs',
        `line ${plan.line} has ${name} ${plan.info[name]} for it: write the same`,
        name,
      )
    }
    return { ok: true, value: plan }
  }

  #planOf(key: string, unit: PlannedUnit, info: Omit<UnitInfo, 'id'>, row: ImportRow): UnitPlan {
    let plan = this.#plans.get(key)
    if (plan === undefined) {
      const { code, kind, scale } = info
      plan = {
        unit,
        info: { code, kind, scale },
        line: row.line,
        issues: [],
        transfers: [],
        own: 0n,
        paid: 0n,
      }
      this.#plans.set(key, plan)
    }
    return plan
  }

  #refuse(row: ImportRow, error: { refusal: ImportRefusal; message: string; column: string }): void {
    const { refusal, message, column } = error
    this.errors.push({ line: row.line, column: row.columnOf(column), columnName: column, refusal, message })
  }
}

/** Finds devices by key or name. A key is never mistaken for somebody's name. */
class HolderTable {
  readonly #self: ImportHolder | null
  readonly #byDevice: ReadonlyMap<string, readonly ImportHolder[]>
  readonly #byMember: ReadonlyMap<string, readonly ImportHolder[]>
  readonly #byDeviceName: ReadonlyMap<string, readonly ImportHolder[]>
  readonly #byMemberName: ReadonlyMap<string, readonly ImportHolder[]>

  constructor(holders: readonly ImportHolder[], self: string) {
    this.#self = holders.find(({ device }) => device === self) ?? null
    this.#byDevice = Map.groupBy(holders, ({ device }) => device)
    this.#byMember = Map.groupBy(holders, ({ member }) => member)
    this.#byDeviceName = Map.groupBy(holders, ({ deviceName }) => deviceName)
    this.#byMemberName = Map.groupBy(holders, ({ memberName }) => memberName)
  }

  of(row: ImportRow): Read<ImportHolder> {
    const [device, member] = [row.text('device'), row.text('member')]
    if (device === '' && member === '') {
      return this.#self === null
        ? no('import-holder', 'write who holds it', 'device')
        : { ok: true, value: this.#self }
    }
    const members = member === '' ? null : (this.#byMember.get(member) ?? this.#byMemberName.get(member))
    if (members === undefined) {
      return no(
        'import-holder',
        `there is no member ${short(member)}: write the name or the key as the roster has it`,
        'member',
      )
    }
    if (members !== null && new Set(members.map((it) => it.member)).size > 1) {
      return no(
        'import-holder-unclear',
        `several members are called ${short(member)}: write the key`,
        'member',
      )
    }
    if (device === '' && members !== null) return this.#onlyDevice(members, member)
    const named = this.#byDevice.get(device) ?? this.#byDeviceName.get(device) ?? []
    const devices = members === null ? named : named.filter((it) => it.member === members[0]?.member)
    const [only] = devices
    if (only === undefined) {
      const whose = members === null ? '' : ` of ${short(member)}`
      return no(
        'import-holder',
        `there is no device ${short(device)}${whose}: write the name or the key as the roster has it`,
        'device',
      )
    }
    return devices.length === 1
      ? { ok: true, value: only }
      : no(
          'import-holder-unclear',
          `several devices are called ${short(device)}: write the member as well, or the key`,
          'device',
        )
  }

  #onlyDevice(devices: readonly ImportHolder[], member: string): Read<ImportHolder> {
    const [only] = devices
    if (only !== undefined && devices.length === 1) return { ok: true, value: only }
    const names = devices.slice(0, 3).map(({ deviceName }) => deviceName)
    const message = `${short(member)} has ${devices.length} devices: write which in the column device, such as ${names.join(' or ')}`
    return no('import-holder-unclear', message, 'device')
  }
}

type Texts = [string, string, string, string]

function short(text: string): string {
  return text.length > 64 ? `${text.slice(0, 64)}…` : text
}

function no(
  refusal: ImportRefusal,
  message: string,
  column: string,
): { ok: false; refusal: ImportRefusal; message: string; column: string } {
  return { ok: false, refusal, message, column }
}

/** Of the other kinds the right to issue comes from seals alone. */
function hasOwnSupply(kind: string): boolean {
  return !SEALED_KINDS.has(kind as UnitKind)
}
