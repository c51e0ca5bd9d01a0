import { accountKey } from '../ledger/index.ts'
import type { Act } from '../evaluation/index.ts'
import type { EventDocumentEntry } from './entries.ts'

/**
 * What entries of an event do for the books. Tickets take seats, people take room. Whoever uses a bucket takes it and puts
 * it back: a device that does not hold it writes a commit that is void.
 */
export function eventActs(entries: readonly EventDocumentEntry[]): Act[] {
  const acts: Act[] = []
  for (const entry of entries) {
    switch (entry.t) {
      case 'issue':
        acts.push(...bucketUse(entry.bucket), taken(entry.class, BigInt(entry.tickets.length)))
        break
      case 'pass':
        if (entry.mode === 'held') acts.push(...bucketUse(entry.bucket))
        if (entry.room !== null) acts.push(entry.way === 'in' ? taken(entry.room, 1n) : back(entry.room))
        break
      case 'undo':
        if (entry.room !== null) acts.push(entry.way === 'in' ? back(entry.room) : taken(entry.room, 1n))
        break
      case 'home':
        acts.push(back(entry.room))
        break
      case 'cancel':
        acts.push(...bucketUse(entry.bucket))
        if (entry.seat) acts.push(back(entry.class))
        break
      case 'event':
      case 'class':
      case 'zone':
      case 'bucket':
      case 'lost':
      case 'match':
      case 'request':
      case 'refused':
    }
  }
  return acts
}

function bucketUse(bucket: string): [Act, Act] {
  return [taken(bucket, 1n), back(bucket)]
}

function taken(unit: string, amount: bigint): Act {
  return { kind: 'fact', unit, amount, into: accountKey(unit, 'used') }
}

function back(unit: string): Act {
  return { kind: 'fact', unit: accountKey(unit, 'used'), amount: 1n, into: unit }
}
