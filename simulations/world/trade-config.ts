import type { DoorConfig } from './door-plan.ts'

/** What devices sell in a world, how rights are spread over them, and what cheats do with theirs. */
export interface TradeConfig {
  /** Kind of all units: those whose supply a definition gives. */
  readonly kind: 'stock' | 'seat' | 'edition'
  /** The member of the same number defines and issues each; more than members go round. */
  readonly units: number
  /** Of each unit. */
  readonly supply: number
  /** Most that a device may pass on of what it accepted outside the frontier; null: no limit. */
  readonly relayMax: number | null
  /** What the definer hands out with its first commit: nothing, even shares, or shares by a forecast of the customers. */
  readonly spread: 'home' | 'even' | 'forecast'
  /** Share by which the forecast of a device is too high or too low at most, 0 to 1. */
  readonly forecastError: number
  /** True: who cannot serve a customer asks others while the customer waits. */
  readonly isAsking: boolean
  /** Shares of an even share, in percent: below `low` a device asks for more up to `high`, and gives what is above. */
  readonly marks: { readonly low: number; readonly high: number } | null
  /** Customers in all, drawn over sellers by popularity: that of rank r is as r to the power of minus `rush`. */
  readonly customers: number
  readonly itemsMax: number
  readonly rush: number
  /** When they come, and how long one waits. */
  readonly fromUs: number
  readonly untilUs: number
  readonly patienceUs: number
  /** Acts of each cheat: it spends all that it has, on both of its histories once it has parted. */
  readonly cheatActs: number
  /** Where tickets are shown rather than goods sold: one to each customer. Default: goods are sold. */
  readonly event?: DoorConfig
}
