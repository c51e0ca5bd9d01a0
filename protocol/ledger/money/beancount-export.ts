import { timeText } from './calendar.ts'
import { shownLine } from './csv.ts'
import type { ExportContext, ExportWriter } from './export.ts'
import { JournalWriter, flagOf } from './journal.ts'
import type { JournalEntry, JournalForm, JournalLine } from './journal.ts'
import type { UnitInfo } from './ledger-row.ts'
import type { Account } from './posting.ts'

/** Opens accounts before everything: entries of tills whose clocks are wrong are dated from here. */
const FIRST_DAY = '1970-01-01'

/**
 * The books for beancount 2 and 3. Commodities carry the unit they stand for, accounts the keys of member and device, transactions the
 * commit that proves them as metadata and as a link (`^commit`), so that the entries of one commit are found together.
 */
export function beancountWriter(context: ExportContext): ExportWriter {
  return new JournalWriter(FORM, context)
}

const FORM: JournalForm = {
  head(title: string): string {
    return `option "title" ${quoted(title)}\n`
  },

  commodity(name: string, { id, code, kind, scale }: UnitInfo): string {
    return [
      `${FIRST_DAY} commodity ${name}`,
      ...[
        `  unit: ${quoted(id)}`,
        `  code: ${quoted(code)}`,
        `  kind: ${quoted(kind)}`,
        `  scale: ${scale}`,
        '',
      ],
    ].join('\n')
  },

  account(name: string, account: Account | null): string {
    const keys =
      account === null ? '' : `  member: ${quoted(account.member)}\n  device: ${quoted(account.device)}\n`
    return `${FIRST_DAY} open ${name}\n${keys}`
  },

  entry(entry: JournalEntry): string {
    const { row } = entry
    const link = row === null ? '' : ` ^${row.commit.replaceAll(/[^A-Za-z0-9]/g, '-')}`
    let text = `${entry.day} ${flagOf(entry)} ${quoted(entry.narration)}${link}\n`
    if (row !== null) {
      text += `  commit: ${quoted(row.commit)}\n  index: ${row.index}\n  time: ${quoted(timeText(row.timeMs))}\n`
    }
    for (const line of entry.lines) text += `  ${line.account}  ${line.amount} ${line.commodity}\n`
    return text
  },

  comment(text: string): string {
    return `; ${text}\n`
  },

  closing(day: string, lines: readonly JournalLine[]): string {
    // Tolerance 0: beancount would else forgive a rounding error, and there is none.
    return lines
      .map((line) => `${day} balance ${line.account}  ${line.amount} ~ 0 ${line.commodity}\n`)
      .join('')
  },
}

function quoted(text: string): string {
  return `"${shownLine(text).replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`
}
