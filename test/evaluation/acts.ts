import type { Act, Define, Fact, Transfer } from '#protocol/evaluation'
import { keyOf } from './world.ts'

/** A transfer of euro cents. */
export function pay(to: number, amount: number): Act {
  return { kind: 'transfer', to: keyOf(to), unit: 'eur', amount: BigInt(amount) }
}

/** A fact: euro cents that the author consumed. */
export function use(amount: number): Act {
  return { kind: 'fact', unit: 'eur', amount: BigInt(amount) }
}

/** Makes a unit known, with that much to issue. */
export function define(unit: string, supply: number, relayMax: number | null = null): Define {
  const definition = new TextEncoder().encode(unit)
  return {
    kind: 'define',
    unit,
    supply: BigInt(supply),
    relayMax: relayMax === null ? null : BigInt(relayMax),
    definition,
  }
}

/** A fact: moves an amount between two accounts of the author. */
export function move(unit: string, into: string, amount: number): Fact {
  return { kind: 'fact', unit, amount: BigInt(amount), into }
}

/** A transfer of any unit. */
export function hand(unit: string, to: number, amount: number): Transfer {
  return { kind: 'transfer', to: keyOf(to), unit, amount: BigInt(amount) }
}
