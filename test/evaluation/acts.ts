import type { Act } from '#protocol/evaluation'
import { keyOf } from './world.ts'

/** A transfer of euro cents. */
export function pay(to: number, amount: number): Act {
  return { kind: 'transfer', to: keyOf(to), unit: 'eur', amount: BigInt(amount) }
}

/** A fact: euro cents that the author consumed. */
export function use(amount: number): Act {
  return { kind: 'fact', unit: 'eur', amount: BigInt(amount) }
}
