/** The orrery that stands for the shop; the name is written beside it. */
export function Logo() {
  return (
    <svg viewBox="0 0 32 32" width="34" height="34" aria-hidden>
      <g fill="none" stroke="#8f92e6" strokeWidth="1.3">
        <circle cx="16" cy="16" r="8" />
        <circle cx="16" cy="16" r="14" />
      </g>
      <circle cx="16" cy="16" r="3.6" fill="#ffb454" />
      <circle cx="21.7" cy="10.3" r="2" fill="#f1f2ff" />
      <circle cx="3.9" cy="23" r="2.5" fill="#d97a86" />
    </svg>
  );
}
