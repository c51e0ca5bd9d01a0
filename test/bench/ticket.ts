import { SignatureRule } from '#protocol/identity'
import { issueTicket, readTicketText, ticketMessage, ticketText, verifyTicket } from '#protocol/tickets'
import type { TicketIds } from '#protocol/tickets'
import { nodeCrypto, nodeSigner } from '#node/crypto'
import { percentile, perSecond, printFigure } from './figure.ts'

const TICKETS = Number(process.env['BENCH_TICKETS'] ?? 10_000)
/** Tickets of which each side has its turn, so that both see the same machine. */
const TURN = 500

interface Issued {
  text: string
  message: Uint8Array
  signature: Uint8Array
}

/** A scanned text read, taken apart and its signature checked, one after the other; beside it the signatures alone. */
export async function benchTicket(): Promise<void> {
  const crypto = nodeCrypto()
  const rule = new SignatureRule(crypto)
  const till = nodeSigner(new Uint8Array(32).fill(1))
  const ids: TicketIds = {
    ...{ coop: new Uint8Array(32).fill(2), event: `event/b${'e'.repeat(25)}` },
    ...{ class: `seat-c${'s'.repeat(25)}`, bucket: `admission-d${'a'.repeat(25)}` },
  }
  const { coop, event, class: seat, bucket } = ids
  const own = { coop, events: [event], classes: [seat], buckets: [bucket], issuers: [till.publicKey] }
  const tickets = Array.from({ length: TICKETS }, (_, serial): Issued => {
    const drawn = crypto.sha256(Uint8Array.of(serial & 0xff, serial >> 8, serial >> 16))
    const draft = { serial, seatSecret: drawn.slice(0, 16), nonce: drawn.slice(16, 24), validity: null }
    const made = issueTicket(ids, { ...draft, seatHash: null, holder: null }, till)
    if (!made.ok) throw new Error(made.refusal)
    const { bytes, body } = made
    const message = ticketMessage(ids, body)
    return { text: ticketText(bytes), message, signature: bytes.slice(body.length) }
  })
  const verified = ({ text }: Issued): boolean => {
    const read = readTicketText(text)
    return read.ok && verifyTicket(read.decoded, own, rule).ok
  }
  const raw = (it: Issued): boolean => crypto.verify(till.publicKey, it.message, it.signature)
  time(tickets.slice(0, TURN), verified)
  time(tickets.slice(0, TURN), raw)
  const whole: number[] = []
  const alone: number[] = []
  for (let from = 0; from < TICKETS; from += TURN) {
    const turn = tickets.slice(from, from + TURN)
    whole.push(...time(turn, verified))
    alone.push(...time(turn, raw))
  }
  const [rate, rawRate] = [rateOf(whole), rateOf(alone)]
  printFigure(
    'static tickets verified',
    `${perSecond(rate)}/s`,
    `limit 3,000/s; Ed25519 alone ${perSecond(rawRate)}/s (${(rate / rawRate).toFixed(2)})`,
  )
  printFigure(
    '  one ticket',
    `p50 ${percentile(whole, 50).toFixed(3)}, p99 ${percentile(whole, 99).toFixed(3)} ms`,
    `limit p99 2 ms; Ed25519 alone p99 ${percentile(alone, 99).toFixed(3)} ms`,
  )
}

function time(tickets: readonly Issued[], run: (it: Issued) => boolean): number[] {
  return tickets.map((it) => {
    const startMs = performance.now()
    const isGood = run(it)
    const tookMs = performance.now() - startMs
    if (!isGood) throw new Error('a ticket does not verify')
    return tookMs
  })
}

function rateOf(tookMs: readonly number[]): number {
  return (tookMs.length * 1_000) / tookMs.reduce((sum, it) => sum + it, 0)
}
