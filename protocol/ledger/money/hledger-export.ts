import { timeText } from './calendar.ts'
import { shownLine } from './csv.ts'
import type { ExportContext, ExportWriter } from './export.ts'
import { JournalWriter, flagOf } from './journal.ts'
import type { JournalEntry, JournalForm, JournalLine } from './journal.ts'
import type { UnitInfo } from './ledger-row.ts'
import type { Account } from './posting.ts'

/**
 * The books as an hledger journal, all accounts and commodities declared (`hledger check --strict`). Comments say which unit a commodity and
 * which keys an account stands for; transactions carry the commit that proves them as the tags `commit` and `index`.
 */
export function hledgerWriter(context: ExportContext): ExportWriter {
  return new JournalWriter(FORM, context)
}

const FORM: JournalForm = {
  head(title: string): string {
    return `; ${title}\ndecimal-mark .\n`
  },

  commodity(name: string, { id, code, kind, scale }: UnitInfo): string {
    const decimals = scale === 0 ? '.' : `.${'0'.repeat(scale)}`
    return `; "${name}" is unit ${shownLine(id)}, kind ${shownLine(kind)}, code ${shownLine(code)}\ncommodity 1000${decimals} "${name}"\n`
  },

  account(name: string, account: Account | null): string {
    const keys =
      account === null ? '' : `  ; member:${tagged(account.member)}, device:${tagged(account.device)}`
    return `account ${name}${keys}\n`
  },

  entry(entry: JournalEntry): string {
    const { row } = entry
    let text = `${entry.day} ${flagOf(entry)} ${described(entry.narration)}\n`
    if (row !== null) {
      text += `  ; commit:${tagged(row.commit)}, index:${row.index}, time:${timeText(row.timeMs)}\n`
    }
    return (
      text + entry.lines.map((line) => `  ${line.account}  ${line.amount} "${line.commodity}"\n`).join('')
    )
  },

  comment(text: string): string {
    return `; ${text}\n`
  },

  closing(day: string, lines: readonly JournalLine[]): string {
    if (lines.length === 0) return ''
    const asserted = lines.map(({ account, amount, commodity }) => {
      const zero = amount
        .replace('-', '')
        .replaceAll(/[1-9]/g, '0')
        .replace(/^0+(?=0)/, '')
      return `  ${account}  ${zero} "${commodity}" = ${amount} "${commodity}"\n`
    })
    return `${day} * closing balances\n${asserted.join('')}`
  },
}

/** A description ends at a semicolon, and a bar would part it into payee and note. */
function described(text: string): string {
  return text.replaceAll(';', ',').replaceAll('|', '/').replaceAll(/\s+/g, ' ').trim()
}

/** A tag's value ends at a comma. */
function tagged(text: string): string {
  return shownLine(text).replaceAll(',', ' ')
}
