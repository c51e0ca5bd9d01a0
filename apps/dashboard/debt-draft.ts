import type { Debt, Netted } from './ledger-types.ts'

/** A debt as a person has chosen it so far. */
export interface DebtDraft {
  /** Tells rows apart. */
  row: number
  /** Keys of members. */
  debtor: string
  creditor: string
  amount: string
}

/** Debts that are filled in; null where there is none, or one only in part. */
export function debtsOf(drafts: readonly DebtDraft[]): Debt[] | null {
  const debts = drafts
    .map(({ debtor, creditor, amount }) => ({ debtor, creditor, amount: amount.trim() }))
    .filter((it) => it.amount !== '')
  const isWhole = debts.every((it) => it.debtor !== '' && it.creditor !== '')
  return debts.length > 0 && isWhole ? debts : null
}

/** Payments as lines that can be sent to the others. */
export function paymentsText({ payments, code }: Netted, nameOf: (key: string) => string): string {
  return payments.map((it) => `${nameOf(it.from)} pays ${nameOf(it.to)} ${it.amount} ${code}`).join('\n')
}
