import type { Act, Fact, Transfer } from '#protocol/evaluation'
import { define } from './acts.ts'
import type { Choices } from './choices.ts'
import type { Mesh } from './mesh.ts'
import { unitOf } from './oracle-debits.ts'
import { keyOf } from './world.ts'
import type { World } from './world.ts'

/** Between which accounts of a unit people move something, by the signs behind its name. */
const MOVES: readonly (readonly [from: string, into: string])[] = [
  ['+', ''],
  ['', '+'],
  ['', '-'],
  ['-', ''],
  ['', '~'],
  ['=', ''],
  ['', '='],
  ['', '!'],
]
const MARKS = ['', '+', '-', '~', '=', '!']
/** Most that one act moves, so that a holding lasts for several. */
const AMOUNT_MOST = 8

/** Something that people do with what a device has left; null for nothing. May break a rule that is not about cover. */
export function honestAct(
  { world, choices }: Mesh,
  device: number,
  left: ReadonlyMap<string, bigint>,
): Fact | Transfer | null {
  const account = pickAccount(choices, left)
  if (account === null) return null
  const amount = BigInt(1 + choices.below(Math.min(Number(left.get(account) ?? 0n), AMOUNT_MOST)))
  const unit = unitOf(account)
  if (account === unit && choices.chance(55)) return transfer(world, choices, device, unit, amount)
  if (account === unit && choices.chance(35)) return { kind: 'fact', unit, amount }
  const moves = MOVES.filter(([from]) => unit + from === account)
  if (moves.length === 0) return null
  const [, into] = choices.pick(moves)
  return { kind: 'fact', unit: account, amount, into: unit + into }
}

/** What a cheat does: as much as it can, now and then more than it has, and moves that nobody else would make. */
export function hostileAct(
  { world, choices }: Mesh,
  device: number,
  left: ReadonlyMap<string, bigint>,
): Act | null {
  const isBroke = ![...left.values()].some((amount) => amount > 0n)
  if (isBroke && choices.chance(80)) return null
  const account = pickAccount(choices, left) ?? 'eur'
  const unit = unitOf(account)
  const most = Math.max(1, Number(left.get(account) ?? 0n))
  let amount = BigInt(choices.chance(50) ? most : 1 + choices.below(most))
  if (choices.chance(8)) amount = BigInt(most + 1 + choices.below(5))
  if (account === unit && choices.chance(65)) return transfer(world, choices, device, unit, amount)
  const into = unit + choices.pick(MARKS)
  if (into === account || choices.chance(30)) return { kind: 'fact', unit: account, amount }
  return { kind: 'fact', unit: account, amount, into }
}

/** What no author may say, in one way or another. */
export function badAct({ world, choices }: Mesh, device: number): Act {
  const to = keyOf(otherDevice(world, choices, device))
  return choices.pick<Act>([
    { kind: 'transfer', to: keyOf(device), unit: 'eur', amount: 1n },
    { kind: 'transfer', to, unit: 'eur', amount: 0n },
    { kind: 'transfer', to, unit: 'eur', amount: -3n },
    { kind: 'fact', unit: 'eur', amount: 2n ** 63n },
    { kind: 'fact', unit: 'eur', amount: -1n, into: 'eur-' },
    { kind: 'transfer', to, unit: 'stock+', amount: 1n },
    { kind: 'fact', unit: 'eur', amount: 1n, into: 'eur' },
    { kind: 'fact', unit: 'eur', amount: 1n, into: 'seat' },
    { kind: 'fact', unit: 'ghost', amount: 1n },
    { kind: 'transfer', to, unit: 'ghost', amount: 1n },
    define('', 1),
    define('eur+', 1),
    define('bad', -1),
    define('bad', 1, -1),
  ])
}

function pickAccount(choices: Choices, left: ReadonlyMap<string, bigint>): string | null {
  const accounts = [...left].filter(([, amount]) => amount > 0n).map(([account]) => account)
  if (accounts.length === 0) return null
  const held = accounts.filter((account) => account === unitOf(account))
  return choices.pick(held.length > 0 && choices.chance(60) ? held : accounts.sort())
}

function transfer(world: World, choices: Choices, device: number, unit: string, amount: bigint): Transfer {
  return { kind: 'transfer', to: keyOf(otherDevice(world, choices, device)), unit, amount }
}

/** Any device but this one. */
export function otherDevice(world: World, choices: Choices, device: number): number {
  return (device + 1 + choices.below(world.deviceCount - 1)) % world.deviceCount
}
