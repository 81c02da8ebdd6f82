create table mails (
  order_id text primary key,
  recipient text not null,
  subject text not null,
  html text not null,
  text text not null,
  written_at timestamptz not null default now(),
  sent_at timestamptz,
  attempts int not null default 0,
  next_attempt_at timestamptz not null default now(),
  last_error text
);

create index on mails (written_at desc);
create index mails_unsent on mails (next_attempt_at) where sent_at is null;
