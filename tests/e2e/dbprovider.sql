CREATE TABLE users (
    id uuid PRIMARY KEY,
    provider text NOT NULL,
    provider_subject text NOT NULL,
    email varchar(255),
    display_name text,
    is_admin boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (provider, provider_subject)
);
CREATE TABLE refresh_tokens (
    token text PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    fingerprint text,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    revoked_at timestamptz
);
CREATE TABLE subscriptions (
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES users (id),
    plan varchar(20) NOT NULL,
    price numeric(10, 2) NOT NULL,
    status text NOT NULL CHECK (status IN ('active', 'replaced', 'expired')),
    current_period_end timestamptz,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);
CREATE INDEX subscriptions_lookup ON subscriptions (user_id, status, updated_at);
CREATE TABLE subscription_events (
    id bigserial PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES users (id),
    type text NOT NULL,
    payload jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL
);
CREATE TABLE journal_entries (
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES users (id),
    content text NOT NULL,
    created_at timestamptz NOT NULL
);
CREATE INDEX ON journal_entries (user_id, created_at);
CREATE TABLE revoked_jtis (
    jti text PRIMARY KEY,
    user_id uuid,
    revoked_at timestamptz NOT NULL
);
