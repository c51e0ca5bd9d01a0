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
  /** As `codeNote`, of a ticket that is bound to a phone. */
  liveCodeNote: string
  clockOff: (minutes: string) => string
  broken: string
  brokenNext: string
  print: string
  otherPhone: string
  otherPhoneNext: string
  keyTitle: string
  keyQr: string
  keySteps: readonly string[]
  keyType: string
  keyAnother: string
  keyNote: string
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
    liveCodeNote:
      'These letters find the ticket at the info desk. Without this page they do not open the gate.',
    clockOff: (minutes) =>
      `The clock of this phone is about ${minutes} min off. Set date and time to automatic, or the gate will not take the code.`,
    broken: 'This link is not whole',
    brokenNext: 'Open the link again as you got it, or ask the seller to send it once more.',
    print: 'Print',
    otherPhone: 'This ticket belongs to another phone',
    otherPhoneNext:
      'Only the phone and browser that made its key can show it. Was it yours? Ask at the info desk for another one.',
    keyTitle: 'Show this to the seller',
    keyQr: 'QR code: the key of this phone for one ticket',
    keySteps: [
      'The seller scans this code: the ticket then works on this phone alone.',
      'After paying, scan the code on the seller’s screen with this phone’s camera, in the same browser. Your ticket opens.',
      'Keep that page: as a bookmark or on the home screen.',
    ],
    keyType: 'If it cannot be scanned',
    keyAnother: 'A key for another ticket',
    keyNote:
      'Each ticket gets a key of its own, so that nobody can tell from the books which tickets are yours. What opens the gate stays on this phone: so the seller cannot look up when you came in.',
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
    liveCodeNote:
      'Mit diesen Buchstaben findet der Infostand das Ticket. Ohne diese Seite öffnen sie das Tor nicht.',
    clockOff: (minutes) =>
      `Die Uhr dieses Telefons geht um etwa ${minutes} Min. falsch. Stell Datum und Zeit auf automatisch, sonst nimmt das Tor den Code nicht an.`,
    broken: 'Dieser Link ist nicht vollständig',
    brokenNext: 'Öffne den Link so, wie du ihn bekommen hast, oder bitte um einen neuen.',
    print: 'Drucken',
    otherPhone: 'Dieses Ticket gehört zu einem anderen Telefon',
    otherPhoneNext:
      'Zeigen kann es nur das Telefon und der Browser, die den Schlüssel gemacht haben. War es deins? Lass dir am Infostand ein anderes geben.',
    keyTitle: 'Zeig das beim Verkauf',
    keyQr: 'QR-Code: der Schlüssel dieses Telefons für ein Ticket',
    keySteps: [
      'Beim Verkauf wird dieser Code gescannt: das Ticket gilt dann nur mit diesem Telefon.',
      'Nach dem Bezahlen mit der Kamera dieses Telefons den Code am Verkauf scannen, im selben Browser. Dein Ticket öffnet sich.',
      'Behalte jene Seite: als Lesezeichen oder auf dem Startbildschirm.',
    ],
    keyType: 'Falls er nicht lesbar ist',
    keyAnother: 'Schlüssel für ein weiteres Ticket',
    keyNote:
      'Jedes Ticket bekommt einen eigenen Schlüssel: so kann niemand in den Büchern sehen, welche Tickets deine sind. Was das Tor öffnet, bleibt auf diesem Telefon: so kann beim Verkauf niemand nachsehen, wann du hineingegangen bist.',
    language: 'Sprache',
  },
}
