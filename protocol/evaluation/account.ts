/**
 * Accounts of a device, all of one unit: its name alone stands for what is held, with one of these behind it for the
 * rest.
 */
export const ACCOUNTS = {
  /** Right to issue. */
  right: '+',
  used: '-',
  returned: '~',
  credit: '=',
  /** Written back to a loss account. */
  writtenBack: '!',
} as const

/** What stands behind a unit's name in the name of an account. */
export type AccountMark = (typeof ACCOUNTS)[keyof typeof ACCOUNTS]

const MARKS: ReadonlySet<string> = new Set(Object.values(ACCOUNTS))

/** Name of the unit of an account. */
export function unitOf(account: string): string {
  return isHeld(account) ? account : account.slice(0, -1)
}

/** True for the account of what is held. */
export function isHeld(account: string): boolean {
  return !MARKS.has(account.at(-1) ?? '')
}
