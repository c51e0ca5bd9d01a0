/** An amount in whole 1/10^scale of its unit. */
interface Amount {
  minor: bigint
  scale: number
}

/** Places after the point that an amount may have: as in the ledger. */
const SCALE_MAX = 18
/** Digits of an amount that a person types. A guess: more than any till takes. */
const DIGITS_MAX = 24

/** Reads `12.50` (or `12,50`, as people type it); null for what is no amount of 0 or more. */
function read(text: string): Amount | null {
  const match = /^(\d+)(?:[.,](\d+))?$/.exec(text.trim())
  const [, whole = '', part = ''] = match ?? []
  if (match === null || part.length > SCALE_MAX || whole.length + part.length > DIGITS_MAX) return null
  return { minor: BigInt(whole + part), scale: part.length }
}

function write({ minor, scale }: Amount): string {
  const digits = (minor < 0n ? -minor : minor).toString().padStart(scale + 1, '0')
  const sign = minor < 0n ? '-' : ''
  return scale === 0
    ? sign + digits
    : `${sign}${digits.slice(0, digits.length - scale)}.${digits.slice(digits.length - scale)}`
}

function atScale({ minor, scale }: Amount, wanted: number): bigint {
  return minor * 10n ** BigInt(wanted - scale)
}

/** True for text that is an amount of 0 or more. */
export function isAmount(text: string): boolean {
  return read(text) !== null
}

/** An amount as the node reads it: with a point, and with `scale` places where it has fewer. */
export function canonicalAmount(text: string, scale: number): string {
  const amount = read(text)
  if (amount === null || amount.scale >= scale) return text.trim().replace(',', '.')
  return write({ minor: atScale(amount, scale), scale })
}

/** An amount as people of a place write it: `1.234,50` in German. */
export function shownAmount(text: string, locale: string): string {
  const [, sign = '', whole = '', part] = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text) ?? []
  if (whole === '') return text
  const point = new Intl.NumberFormat(locale).format(1.5).replaceAll(/\d/g, '')
  const grouped = new Intl.NumberFormat(locale).format(BigInt(whole))
  return part === undefined ? sign + grouped : `${sign}${grouped}${point}${part}`
}

/** The sum of amounts; what is no amount counts as 0. */
export function sumOf(amounts: readonly string[]): string {
  const parts = amounts.map((it) => read(it) ?? { minor: 0n, scale: 0 })
  const scale = Math.max(0, ...parts.map((it) => it.scale))
  return write({ minor: parts.reduce((sum, it) => sum + atScale(it, scale), 0n), scale })
}

/** `count` times an amount. */
export function timesOf(amount: string, count: number): string {
  const { minor, scale } = read(amount) ?? { minor: 0n, scale: 0 }
  return write({ minor: minor * BigInt(count), scale })
}

/** `given` less `due`: below 0 where it is not enough; null when one of them is no amount. */
export function changeOf(given: string, due: string): string | null {
  const [a, b] = [read(given), read(due)]
  if (a === null || b === null) return null
  const scale = Math.max(a.scale, b.scale)
  return write({ minor: atScale(a, scale) - atScale(b, scale), scale })
}

/** Steps of notes and coins that people pay with. */
const NOTES: readonly bigint[] = [5n, 10n, 20n, 50n, 100n, 200n]

/** What a customer is likely to hand over for an amount: itself, and the next round sums. */
export function usualPayments(due: string): string[] {
  const { minor, scale } = read(due) ?? { minor: 0n, scale: 0 }
  if (minor === 0n) return []
  const unit = 10n ** BigInt(scale)
  const rounded = NOTES.map((note) => ((minor + note * unit - 1n) / (note * unit)) * note * unit)
  const sums = [...new Set([minor, ...rounded])].sort((a, b) => (a < b ? -1 : 1))
  return sums.slice(0, 4).map((it) => write({ minor: it, scale }))
}
