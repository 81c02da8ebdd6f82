create table carts (
  user_id text primary key,
  lines jsonb not null,
  version bigint not null default 1,
  expires_at timestamptz not null
);

create index on carts (expires_at);
