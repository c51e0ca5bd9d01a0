import { replaceHidden } from '../../encoding/index.ts'
import { timeText } from './calendar.ts'
import { amountText, stateOf } from './export.ts'
import type { ExportContext, ExportWriter } from './export.ts'
import type { LedgerRow } from './ledger-row.ts'
import { ALL_TIME, Statement } from './statement.ts'
import type { StatementLine, UnitBooks } from './statement.ts'

/**
 * Entries as one JSON object, one entry a line: `format`, `title`, `period`, `units`, `members`, `devices`, `entries`, `balances`. Amounts are
 * texts, in whole units (`amount`) and in minor ones (`minor`): no reader can round them. Hidden characters are escaped.
 */
export class JsonWriter implements ExportWriter {
  readonly #context: ExportContext
  readonly #sums = new Statement({ member: null, period: ALL_TIME })
  #isFirst = true

  constructor(context: ExportContext) {
    this.#context = context
  }

  head(): string {
    const head = text({ format: 'coopmesh-ledger-1', ...headOf(this.#context) })
    return `${head.slice(0, -1)},"entries":[`
  }

  row(row: LedgerRow): string {
    this.#sums.add(row)
    const { commit, index, timeMs, type, member, device, to, memo, unit, amount } = row
    const entry = text({
      ...{ commit, index, time: timeText(timeMs), timeMs, type, state: stateOf(row) },
      ...{ member, device, to, unit, amount: amountText(amount, unit, this.#context.units) },
      ...{ minor: String(amount), memo },
    })
    const separator = this.#isFirst ? '\n' : ',\n'
    this.#isFirst = false
    return separator + entry
  }

  /** The balances: of the rows alone, without opening balances. */
  tail(): string {
    const balances = this.#sums.lines().map(({ account, unit, closing }) => ({
      ...{ account: account.kind, member: account.member, device: account.device, unit },
      ...{ amount: amountText(closing, unit, this.#context.units), minor: String(closing) },
    }))
    return `${this.#isFirst ? '' : '\n'}],"balances":${text(balances)}}\n`
  }
}

/** A statement as one JSON object: `format`, `title`, `period`, `units`, `members`, `devices`, `lines`, `books`. Amounts are texts in minor units. */
export function statementJson(
  lines: readonly StatementLine[],
  books: readonly UnitBooks[],
  context: ExportContext,
): string {
  const plain = (value: object) =>
    Object.fromEntries(
      Object.entries(value).map(([key, field]: [string, unknown]) => [
        key,
        typeof field === 'bigint' ? String(field) : field,
      ]),
    )
  const statement = {
    ...{ format: 'coopmesh-statement-1', ...headOf(context) },
    lines: lines.map(({ account: { kind, member, device }, ...line }) => ({
      ...{ account: kind, member, device },
      ...plain(line),
    })),
    books: books.map(plain),
  }
  return `${text(statement)}\n`
}

function headOf({ title, period, units, names }: ExportContext): object {
  return {
    title,
    period:
      period === null
        ? null
        : {
            from: timeText(period.fromMs),
            until: period.untilMs === Infinity ? null : timeText(period.untilMs),
          },
    units: units.all.map(({ id, code, kind, scale }) => ({ id, code, kind, scale })),
    members: [...names.members].map(([key, name]) => ({ key, name })),
    devices: [...names.devices].map(([key, name]) => ({ key, name })),
  }
}

/** JSON in which hidden characters are escapes: what an editor shows is what is there. */
function text(value: unknown): string {
  return replaceHidden(JSON.stringify(value), (character) => {
    let escaped = ''
    for (let i = 0; i < character.length; i += 1) {
      escaped += `\\u${character.charCodeAt(i).toString(16).padStart(4, '0')}`
    }
    return escaped
  })
}
