import { z } from 'zod'
import { real, sometimes, time, whole } from './drawn.ts'

const items = whole(1, 1_000_000)

/** What a co-op sells, to how many customers, and how its devices share what there is. */
export const trade = sometimes(
  z.strictObject({
    kind: z.enum(['stock', 'seat', 'edition'], { error: 'stock, seat or edition' }).default('stock'),
    units: whole(1, 16).default(1).describe('each defined and issued by a member of its own'),
    supply: items.default(1_000).describe('items of each unit'),
    relayMax: whole(0, 1_000_000)
      .optional()
      .describe('most that a device passes on of what no seal has settled; left out: no limit'),
    spread: z
      .enum(['home', 'even', 'forecast'], { error: 'home, even or forecast' })
      .default('even')
      .describe('what the definer hands out at once: nothing, even shares, or shares by forecast'),
    forecastError: real(0, 1).default(0.3).describe('share by which a forecast is wrong at most'),
    isAsking: z
      .boolean({ error: 'true or false' })
      .default(true)
      .describe('who cannot serve a customer asks other devices while the customer waits'),
    marks: z
      .strictObject({ low: whole(1, 100).default(30), high: whole(1, 1_000).default(60) })
      .optional()
      .describe(
        'percent of an even share: below low a device asks for more up to high, and it gives what is above high',
      ),
    customers: whole(0, 100_000).default(500),
    itemsMax: whole(1, 1_000).default(1).describe('items that one customer wants, from 1 on'),
    rush: real(0, 3)
      .default(1)
      .describe('how unevenly customers choose: the place of rank r as r to the power of minus this'),
    from: time().default(2_000_000).describe('when the first customers come'),
    until: time().optional().describe('when the last ones come; default: 10 s before the faults end'),
    patience: time().default(2_000_000).describe('how long a customer waits'),
    cheatActs: whole(0, 1_000)
      .default(6)
      .describe('times that each cheat spends what it has, on both of its histories'),
    event: z
      .strictObject({
        room: whole(1, 1_000_000).optional().describe('people that the hall holds; left out: no zone'),
        open: whole(0, 1).default(0).describe('1: any gate admits; 0: whoever holds the bucket of a ticket'),
        exposure: whole(0, 1_000_000)
          .default(10)
          .describe('open admissions of a gate that the others have not heard of'),
        clones: real(0, 1).default(0.05).describe('share of visitors with a ticket that was copied'),
        atHome: real(0, 1).default(0.8).describe('share of visitors who come to the gate on the ticket'),
        stay: time().default(60_000_000).describe('how long somebody stays at most'),
        lostAfter: time().optional().describe('a gate that is silent for so long is said to be lost'),
      })
      .optional()
      .describe('supply tickets are issued and customers come with them to the gates of an event'),
  }),
)
