import { compareKeys } from './key-order.ts'
import type { LedgerNames, UnitInfo } from './ledger-row.ts'
import type { Account, AccountKind } from './posting.ts'

/** Characters of a commodity in beancount 2: `[A-Z][A-Z0-9'._-]{0,22}[A-Z0-9]`. hledger takes any in quotes. */
const COMMODITY_LENGTH_MAX = 24
/** Characters of a unit's id that tell it from others of the same code: 40 bits. All 22 that fit are taken where that is not enough. */
const ID_LENGTHS = [8, 22] as const
/** Characters of a name in an account, and of the key behind it (64 bits; the whole key where that is not enough). */
const NAME_LENGTH_MAX = 24
const KEY_LENGTH = 16

/**
 * A commodity name for each unit, by id: the code itself where it is a legal one (2 to 24 of `A-Z 0-9 . _ -`, a letter first, a letter or digit last) and no other
 * unit's code comes out alike; else what of the code is legal and the end of the id. A function of the set of units: their
 * order means nothing, and two never get one name.
 */
export function commodityNames(units: readonly UnitInfo[]): Map<string, string> {
  const stems = new Map<string, UnitInfo[]>()
  for (const unit of [...units].sort((a, b) => compareKeys(a.id, b.id))) {
    const stem = stemOf(unit.code)
    const alike = stems.get(stem)
    if (alike === undefined) stems.set(stem, [unit])
    else if (alike.at(-1)?.id !== unit.id) alike.push(unit)
  }
  const names = new Map<string, string>()
  const taken = new Set<string>()
  const marked: UnitInfo[] = []
  for (const [stem, alike] of stems) {
    const [only] = alike
    if (alike.length === 1 && only !== undefined && only.code === stem) {
      names.set(only.id, stem)
      taken.add(stem)
    } else marked.push(...alike)
  }
  for (const unit of marked) {
    const name = ID_LENGTHS.map((length) => markedName(unit, length)).find((name) => !taken.has(name))
    // Two ids that end alike in 110 bits cannot be made; test data may.
    const unique = name ?? numbered(markedName(unit, ID_LENGTHS[0]), taken)
    names.set(unit.id, unique)
    taken.add(unique)
  }
  return names
}

const ROOTS: { readonly [Kind in AccountKind]: string } = {
  held: 'Assets:Held',
  'in-flight': 'Assets:InFlight',
  used: 'Expenses:Used',
  returned: 'Equity:Returned',
  issued: 'Equity:Issued',
  credit: 'Liabilities:Credit',
  loss: 'Equity:Loss',
}

/** Account names that are legal in beancount and hledger: `Assets:Held:Ada-0123456789abcdef:Till-fedcba9876543210`. */
export class AccountNames {
  readonly #names: LedgerNames
  readonly #members = new Map<string, string>()
  readonly #devices = new Map<string, string>()
  readonly #takenByMembers = new Set<string>()
  readonly #takenByDevices = new Set<string>()

  constructor(names: LedgerNames) {
    this.#names = names
  }

  /** The name of an account. Two accounts never get one name. */
  of({ kind, member, device }: Account): string {
    let first = this.#members.get(member)
    if (first === undefined) {
      first = componentOf(this.#names.members.get(member) ?? 'Member', member, this.#takenByMembers)
      this.#members.set(member, first)
    }
    let second = this.#devices.get(device)
    if (second === undefined) {
      second = componentOf(this.#names.devices.get(device) ?? 'Device', device, this.#takenByDevices)
      this.#devices.set(device, second)
    }
    return `${ROOTS[kind]}:${first}:${second}`
  }
}

/** What of a code is legal: upper case, other characters as `-`, at least two characters and a letter first. */
function stemOf(code: string): string {
  const legal = plain(code)
    .toUpperCase()
    .replaceAll(/[^A-Z0-9._-]+/g, '-')
    .replaceAll(/^[-._]+|[-._]+$/g, '')
  const lettered = /^[A-Z]/.test(legal) ? legal : `U-${legal}`
  const cut = lettered.slice(0, COMMODITY_LENGTH_MAX).replace(/[-._]+$/, '')
  return cut.length < 2 ? `${cut}X` : cut
}

function markedName({ id, code }: UnitInfo, length: number): string {
  const mark =
    plain(id)
      .toUpperCase()
      .replaceAll(/[^A-Z0-9]/g, '')
      .slice(-length) || '0'
  const stem = stemOf(code)
    .slice(0, COMMODITY_LENGTH_MAX - mark.length - 1)
    .replace(/[-._]+$/, '')
  return `${stem}-${mark}`
}

function componentOf(name: string, key: string, taken: Set<string>): string {
  const slug = dashed(name).slice(0, NAME_LENGTH_MAX).replace(/-+$/, '')
  const title = slug === '' ? 'X' : slug.charAt(0).toUpperCase() + slug.slice(1)
  const whole = dashed(key)
  const names = [whole.slice(0, KEY_LENGTH), whole].map((part) => `${title}-${part}`)
  const unique = names.find((it) => !taken.has(it)) ?? numbered(names[1] ?? title, taken)
  taken.add(unique)
  return unique
}

function numbered(name: string, taken: ReadonlySet<string>): string {
  for (let i = 2; ; i += 1) if (!taken.has(`${name}-${i}`)) return `${name}-${i}`
}

function dashed(text: string): string {
  return plain(text)
    .replaceAll(/[^A-Za-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
}

/** Letters without their accents. */
function plain(text: string): string {
  return text.normalize('NFKD').replaceAll(/[\u0300-\u036f]/g, '')
}
