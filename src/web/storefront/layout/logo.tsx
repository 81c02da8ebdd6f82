/** The shop's mark and name, in the colour of the text around it. */
export function Logo() {
  return (
    <svg viewBox="0 0 640 176" width="146" height="40" aria-hidden>
      <g transform="translate(92 88) scale(.98)">
        <g fill="none" stroke="currentColor" strokeWidth="2.6" opacity=".55">
          <circle r="34" />
          <circle r="54" />
          <circle r="74" />
        </g>
        <g stroke="currentColor" strokeWidth="5" strokeLinecap="round">
          <path d="M0 0-30-16M0 0 7.5 53.5M0 0 55-49.5" />
        </g>
        <circle r="17" fill="#f2982f" />
        <circle cx="-30" cy="-16" r="7.5" fill="#d97a86" />
        <circle cx="7.5" cy="53.5" r="9.5" fill="currentColor" />
        <circle cx="55" cy="-49.5" r="13" fill="#ffb454" />
      </g>
      <path
        transform="translate(196 127) scale(.89)"
        d="M56-104a52 52 0 1 1-.1 0ZM146-72V0m0-34c0-24 16-38 40-36m30-2V0m0-34c0-24 16-38 40-36m18 34h66c1-20-13-35-33-35s-34 15-34 35.500S287 0 307.500 0C320 0 330-5 337-14m33-58V0m0-34c0-24 16-38 40-36m14-1 30 69m32-69L452 6c-8 18-18 26-36 25"
        fill="none"
        stroke="currentColor"
        strokeWidth="14"
        strokeLinecap="round"
        strokeLinejoin="round"
      />
    </svg>
  );
}
