import type { Language } from '#apps/page'

/** All texts of the page in one language. */
export interface SaleTexts {
  title: string
  loading: string
  nothing: string
  tickets: string
  goods: string
  here: (count: string) => string
  elsewhere: (count: string) => string
  soldOut: string
  noPrice: string
  free: string
  until: (time: string) => string
  add: (name: string) => string
  remove: (name: string) => string
  gate: string
  noBucket: string
  price: (name: string) => string
  cart: string
  empty: string
  held: (time: string) => string
  total: string
  received: string
  change: string
  missing: string
  sell: string
  sellFree: string
  selling: string
  clear: string
  quoteRenewed: string
  noAnswer: string
  askAgain: string
  nodeAway: string
  failed: string
  soldTitle: string
  commit: string
  print: string
  next: string
  number: (number: string) => string
  group: (group: string) => string
  qrLabel: (name: string) => string
  language: string
  close: string
  bind: string
  unbind: string
  bound: (count: string, of: string) => string
  bindTitle: string
  bindStep: string
  bindQr: string
  bindKey: string
  bindHint: string
  bindWrong: string
  bindDone: string
  bindMore: (left: string) => string
  bindNoDoor: string
  boundNext: string
  boundQr: (name: string) => string
}

/** The table of each language. */
export const SALE_TEXTS: Readonly<Record<Language, SaleTexts>> = {
  en: {
    title: 'Sale',
    loading: 'Asking the node what there is to sell…',
    nothing: 'There is nothing to sell here yet. Classes of tickets and stock are set up at a node.',
    tickets: 'Tickets',
    goods: 'Goods',
    here: (count) => `${count} here`,
    elsewhere: (count) => `${count} elsewhere`,
    soldOut: 'none here',
    noPrice: 'no price now',
    free: 'free',
    until: (time) => `until ${time}`,
    add: (name) => `Add ${name}`,
    remove: (name) => `Remove ${name}`,
    gate: 'Gate on the ticket',
    noBucket: 'This device holds no bucket of this event: tickets are sold where one is held.',
    price: (name) => `Price of ${name}`,
    cart: 'Cart',
    empty: 'Tap what the customer wants.',
    held: (time) => `Price held until ${time}`,
    total: 'Total',
    received: 'Cash received',
    change: 'Change',
    missing: 'Still missing',
    sell: 'Sell',
    sellFree: 'Hand out',
    selling: 'Selling…',
    clear: 'Empty the cart',
    quoteRenewed:
      'The held price had run out. This is the price of now: check it with the customer and sell.',
    noAnswer:
      'The node did not answer. It may have sold this: ask again, it is not sold twice. Hand out nothing before.',
    askAgain: 'Ask again',
    nodeAway: 'The node does not answer. Nothing can be sold until it is back.',
    failed: 'Not sold.',
    soldTitle: 'Sold',
    commit: 'Receipt',
    print: 'Print',
    next: 'Next customer',
    number: (number) => `No. ${number}`,
    group: (group) => `Gate ${group}`,
    qrLabel: (name) => `QR code: ${name}`,
    language: 'Language',
    close: 'Close',
    bind: 'Onto the buyer’s phone',
    unbind: 'Not onto a phone',
    bound: (count, of) => `${count} of ${of} on a phone`,
    bindTitle: 'Onto the buyer’s phone',
    bindStep: 'The buyer scans this with the phone’s camera. The page that opens shows a key.',
    bindQr: 'QR code: makes a key on the buyer’s phone',
    bindKey: 'Key of the buyer’s phone',
    bindHint: 'Scan it from the phone, or type it.',
    bindWrong: 'This is not the key of a phone, or a digit is wrong. Scan it again.',
    bindDone: 'Bind the ticket',
    bindMore: (left) => `${left} more without a phone. Each ticket takes a key of its own.`,
    bindNoDoor: 'Phones cannot reach this node yet. Start it with a door for them: --phone-port.',
    boundNext: 'The buyer scans this with the same phone.',
    boundQr: (name) => `QR code: opens ${name} on the buyer’s phone`,
  },
  de: {
    title: 'Verkauf',
    loading: 'Der Knoten wird gefragt, was es zu verkaufen gibt…',
    nothing:
      'Hier gibt es noch nichts zu verkaufen. Arten von Tickets und Waren werden an einem Knoten angelegt.',
    tickets: 'Tickets',
    goods: 'Waren',
    here: (count) => `${count} hier`,
    elsewhere: (count) => `${count} anderswo`,
    soldOut: 'hier keine',
    noPrice: 'jetzt kein Preis',
    free: 'kostenlos',
    until: (time) => `bis ${time}`,
    add: (name) => `${name} dazu`,
    remove: (name) => `${name} weg`,
    gate: 'Tor auf dem Ticket',
    noBucket:
      'Dieses Gerät hat kein Bündel dieser Veranstaltung: Tickets werden dort verkauft, wo eines liegt.',
    price: (name) => `Preis von ${name}`,
    cart: 'Korb',
    empty: 'Antippen, was der Kunde möchte.',
    held: (time) => `Preis gilt bis ${time}`,
    total: 'Summe',
    received: 'Bar erhalten',
    change: 'Rückgeld',
    missing: 'Es fehlen noch',
    sell: 'Verkaufen',
    sellFree: 'Ausgeben',
    selling: 'Wird verkauft…',
    clear: 'Korb leeren',
    quoteRenewed:
      'Der gehaltene Preis war abgelaufen. Dies ist der Preis von jetzt: mit dem Kunden klären und verkaufen.',
    noAnswer:
      'Der Knoten hat nicht geantwortet. Vielleicht hat er es verkauft: noch einmal fragen, es wird nicht zweimal verkauft. Vorher nichts herausgeben.',
    askAgain: 'Noch einmal fragen',
    nodeAway: 'Der Knoten antwortet nicht. Bis er zurück ist, kann nichts verkauft werden.',
    failed: 'Nicht verkauft.',
    soldTitle: 'Verkauft',
    commit: 'Beleg',
    print: 'Drucken',
    next: 'Nächster Kunde',
    number: (number) => `Nr. ${number}`,
    group: (group) => `Tor ${group}`,
    qrLabel: (name) => `QR-Code: ${name}`,
    language: 'Sprache',
    close: 'Schließen',
    bind: 'Auf das Telefon des Kunden',
    unbind: 'Auf kein Telefon',
    bound: (count, of) => `${count} von ${of} auf einem Telefon`,
    bindTitle: 'Auf das Telefon des Kunden',
    bindStep:
      'Der Kunde scannt das mit der Kamera seines Telefons. Die Seite, die sich öffnet, zeigt einen Schlüssel.',
    bindQr: 'QR-Code: macht einen Schlüssel auf dem Telefon des Kunden',
    bindKey: 'Schlüssel vom Telefon des Kunden',
    bindHint: 'Vom Telefon scannen oder abschreiben.',
    bindWrong: 'Das ist kein Schlüssel eines Telefons, oder eine Ziffer ist falsch. Noch einmal scannen.',
    bindDone: 'Ticket binden',
    bindMore: (left) => `${left} noch ohne Telefon. Jedes Ticket nimmt einen eigenen Schlüssel.`,
    bindNoDoor:
      'Telefone erreichen diesen Knoten noch nicht. Starte ihn mit einer Tür für sie: --phone-port.',
    boundNext: 'Der Kunde scannt das mit demselben Telefon.',
    boundQr: (name) => `QR-Code: öffnet ${name} auf dem Telefon des Kunden`,
  },
}
