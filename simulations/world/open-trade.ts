import { Doors } from './doors.ts'
import { Market } from './market.ts'
import type { MarketParts, Trade } from './market.ts'

/** A market, or the gates of an event. */
export function openTrade(parts: MarketParts): Trade {
  const { event } = parts.config
  return event === undefined ? new Market(parts) : new Doors(parts, event)
}
