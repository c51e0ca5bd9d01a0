import type { Language } from '#apps/page'

/** All texts of the page in one language. */
export interface TicketTexts {
  title: string
  number: (number: string) => string
  group: (group: string) => string
  groupNote: string
  qrLabel: string
  live: (seconds: number) => string
  liveNote: string
  staticNote: string
  code: string
  codeNote: string
  clockOff: (minutes: string) => string
  broken: string
  brokenNext: string
  print: string
  language: string
}

/** The table of each language. */
export const TICKET_TEXTS: Readonly<Record<Language, TicketTexts>> = {
  en: {
    title: 'Your ticket',
    number: (number) => `No. ${number}`,
    group: (group) => `Gate ${group}`,
    groupNote: 'Your ticket opens at this gate.',
    qrLabel: 'The QR code of your ticket',
    live: (seconds) => `New code in ${seconds} s`,
    liveNote: 'The code changes every 30 seconds. A screenshot does not open the gate: show this page.',
    staticNote: 'One person, one code. Whoever shows it first is let in: do not post it anywhere.',
    code: 'If the picture cannot be read',
    codeNote: 'Read these letters out at the gate.',
    clockOff: (minutes) =>
      `The clock of this phone is about ${minutes} min off. Set date and time to automatic, or the gate will not take the code.`,
    broken: 'This link is not whole',
    brokenNext: 'Open the link again as you got it, or ask the seller to send it once more.',
    print: 'Print',
    language: 'Language',
  },
  de: {
    title: 'Dein Ticket',
    number: (number) => `Nr. ${number}`,
    group: (group) => `Tor ${group}`,
    groupNote: 'Dein Ticket gilt an diesem Tor.',
    qrLabel: 'Der QR-Code deines Tickets',
    live: (seconds) => `Neuer Code in ${seconds} s`,
    liveNote:
      'Der Code wechselt alle 30 Sekunden. Ein Bildschirmfoto öffnet das Tor nicht: zeig diese Seite vor.',
    staticNote: 'Eine Person, ein Code. Wer ihn zuerst zeigt, kommt hinein: stell ihn nirgends ins Netz.',
    code: 'Falls das Bild nicht lesbar ist',
    codeNote: 'Lies diese Buchstaben am Tor vor.',
    clockOff: (minutes) =>
      `Die Uhr dieses Telefons geht um etwa ${minutes} Min. falsch. Stell Datum und Zeit auf automatisch, sonst nimmt das Tor den Code nicht an.`,
    broken: 'Dieser Link ist nicht vollständig',
    brokenNext: 'Öffne den Link so, wie du ihn bekommen hast, oder bitte um einen neuen.',
    print: 'Drucken',
    language: 'Sprache',
  },
}
