import type { JSX } from 'preact'

const PATHS = {
  members:
    'M9 11a4 4 0 1 0 0-8 4 4 0 0 0 0 8M2 21v-1a6 6 0 0 1 6-6h2a6 6 0 0 1 6 6v1M16 3.5a4 4 0 0 1 0 7.4M19 14.5a6 6 0 0 1 3 5.2V21',
  assets: 'M12 2.5 21 7v10l-9 4.5L3 17V7zM3 7l9 4.5L21 7M12 11.5v10',
  boards:
    'M5 3h14a2 2 0 0 1 2 2v10l-6 6H5a2 2 0 0 1-2-2V5a2 2 0 0 1 2-2M15 21v-4a2 2 0 0 1 2-2h4M7.5 8h9M7.5 12h5',
  peers:
    'M5 8.5a3 3 0 1 0 0-6 3 3 0 0 0 0 6M19 10.5a3 3 0 1 0 0-6 3 3 0 0 0 0 6M10 21.5a3 3 0 1 0 0-6 3 3 0 0 0 0 6M8 6l8 1M6 8.5l3 7M17.3 10 12 16.3',
  documents: 'M14 2.5H6a2 2 0 0 0-2 2v15a2 2 0 0 0 2 2h12a2 2 0 0 0 2-2V8.5zM14 2.5v6h6M8.5 15l2.5 2.5 4.5-5',
  tokens: 'M8 20a5 5 0 1 0 0-10 5 5 0 0 0 0 10M11.5 11.5 20 3M16 7l3 3',
  decisions: 'M4 20.5h16M7 16.5h10M12 3v13.5M12 6 5.5 8M12 6l6.5 2M5.5 8 3 13h5zM18.5 8 16 13h5z',
  ledger:
    'M6 2.5h12a1.5 1.5 0 0 1 1.5 1.5v17.5l-3-2-2.25 2-2.25-2-2.25 2-2.25-2-3 2V4A1.5 1.5 0 0 1 6 2.5M8.5 8h7M8.5 12h7',
  events:
    'M3 8.5V6.5A1.5 1.5 0 0 1 4.5 5h15A1.5 1.5 0 0 1 21 6.5v2a3.5 3.5 0 0 0 0 7v2a1.5 1.5 0 0 1-1.5 1.5h-15A1.5 1.5 0 0 1 3 17.5v-2a3.5 3.5 0 0 0 0-7M14.5 5v2.5M14.5 10.8v2.4M14.5 16.5V19',
  copy: 'M9 9h10a2 2 0 0 1 2 2v8a2 2 0 0 1-2 2h-8a2 2 0 0 1-2-2zM5 15H4a1.5 1.5 0 0 1-1.5-1.5v-9A1.5 1.5 0 0 1 4 3h9a1.5 1.5 0 0 1 1.5 1.5V5',
  check: 'M4.5 12.5l5 5 10-11',
  plus: 'M12 5v14M5 12h14',
  upload: 'M12 16V4M6.5 9 12 3.5 17.5 9M4 15.5V19a2 2 0 0 0 2 2h12a2 2 0 0 0 2-2v-3.5',
  download: 'M12 4v12M6.5 11 12 16.5 17.5 11M4 18v1a2 2 0 0 0 2 2h12a2 2 0 0 0 2-2v-1',
  open: 'M14 4h6v6M20 4l-9 9M18 14v4a2 2 0 0 1-2 2H6a2 2 0 0 1-2-2V8a2 2 0 0 1 2-2h4',
  pause: 'M8.5 5v14M15.5 5v14',
  play: 'M7.5 4.5v15l12-7.5z',
  trash: 'M4 6.5h16M9 6.5V4h6v2.5M6 6.5l1 14h10l1-14M10 11v5.5M14 11v5.5',
  close: 'M6 6l12 12M18 6 6 18',
  warning: 'M12 3.5 22 20.5H2zM12 10v4.5M12 17.5v.1',
  back: 'M20 12H4.5M11 5.5 4.5 12l6.5 6.5',
  print: 'M7 9V3h10v6M7 17H5a2 2 0 0 1-2-2v-4a2 2 0 0 1 2-2h14a2 2 0 0 1 2 2v4a2 2 0 0 1-2 2h-2M7 14h10v7H7z',
  file: 'M14 2.5H6a2 2 0 0 0-2 2v15a2 2 0 0 0 2 2h12a2 2 0 0 0 2-2V8.5zM14 2.5v6h6',
  folder: 'M3 6.5a2 2 0 0 1 2-2h4l2.5 3H19a2 2 0 0 1 2 2v8.5a2 2 0 0 1-2 2H5a2 2 0 0 1-2-2z',
} as const

/** Name of a drawing. */
export type IconName = keyof typeof PATHS

/** A line drawing, 20 px and of the text's colour. It says nothing that the text beside it does not say. */
export function Icon({ name }: { name: IconName }): JSX.Element {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  )
}
