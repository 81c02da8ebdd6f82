create table topics (
  topic text primary key,
  next_offset bigint not null
);

create table log (
  topic text not null,
  "offset" bigint not null,
  key text not null,
  value bytea not null,
  headers jsonb not null,
  published_at timestamptz not null default now(),
  primary key (topic, "offset")
);

create index on log (published_at);

create table group_offsets (
  consumer_group text not null,
  topic text not null,
  next_offset bigint not null,
  primary key (consumer_group, topic)
);

create table dead_letters (
  consumer_group text not null,
  topic text not null,
  "offset" bigint not null,
  key text not null,
  value bytea not null,
  headers jsonb not null,
  attempts int not null,
  reason text not null,
  set_aside_at timestamptz not null default now(),
  primary key (consumer_group, topic, "offset")
);
