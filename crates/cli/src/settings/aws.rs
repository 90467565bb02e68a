//! AWS credentials for signing: static ones, those of the environment, or a profile's.

use std::path::PathBuf;

use toml::de::DeValue;

use super::problem::nearest;
use super::secret::{Secret, SecretSource};
use super::value::{Fault, Value, wrong_type};
use crate::environment::{self, Environment};

/// A key to sign AWS requests with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AwsCredentials {
    /// Id of the key; public.
    pub access_key_id: String,
    /// The key.
    pub secret_access_key: Secret,
    /// Token of temporary credentials.
    pub session_token: Option<Secret>,
    /// How the configuration named them.
    pub source: AwsCredentialsSource,
}

/// How the configuration names AWS credentials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AwsCredentialsSource {
    /// `"env"`.
    Env,
    /// `"profile:NAME"`.
    Profile(String),
    /// A table.
    Table,
}

impl AwsCredentials {
    /// The credentials of the environment, if it holds any.
    pub(super) fn of_environment(env: &Environment) -> Option<Self> {
        let secret = |name: &str| {
            let value = env.get(name)?.to_owned();
            Some(Secret::new(value, SecretSource::Env(name.to_owned())))
        };
        Some(Self {
            access_key_id: env.get(environment::AWS_ACCESS_KEY_ID)?.to_owned(),
            secret_access_key: secret(environment::AWS_SECRET_ACCESS_KEY)?,
            session_token: secret(environment::AWS_SESSION_TOKEN),
            source: AwsCredentialsSource::Env,
        })
    }

    fn of_profile(name: &str, env: &Environment) -> Result<Self, Fault> {
        let path = profile_file(env)
            .ok_or_else(|| Fault::new("the AWS profile file cannot be found: `HOME` is not set"))?;
        let text = std::fs::read_to_string(&path).map_err(|error| {
            Fault::new(format!(
                "profile file `{}` cannot be read: {error}",
                path.display()
            ))
        })?;
        let value = |key: &str| profile_value(&text, name, key).map(str::to_owned);
        let needed = |key: &str| {
            value(key).ok_or_else(|| {
                Fault::new(format!("profile `{name}` in `{}` has no `{key}`", path.display()))
                    .hint("only static keys are read: sign in with the AWS CLI and export them, or use `env`")
            })
        };
        let secret = |text| Secret::new(text, SecretSource::File(path.display().to_string()));
        Ok(Self {
            access_key_id: needed("aws_access_key_id")?,
            secret_access_key: secret(needed("aws_secret_access_key")?),
            session_token: value("aws_session_token").map(secret),
            source: AwsCredentialsSource::Profile(name.to_owned()),
        })
    }
}

fn profile_file(env: &Environment) -> Option<PathBuf> {
    match env.get(environment::AWS_SHARED_CREDENTIALS_FILE) {
        Some(path) => Some(PathBuf::from(path)),
        None => Some(PathBuf::from(env.get(environment::HOME)?).join(".aws/credentials")),
    }
}

/// The value of a key in a section of an INI file.
fn profile_value<'a>(text: &'a str, profile: &str, key: &str) -> Option<&'a str> {
    let mut inside = false;
    for line in text.lines().map(str::trim) {
        if let Some(section) = line
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'))
        {
            inside = section.trim() == profile;
        } else if inside
            && let Some((name, value)) = line.split_once('=')
            && name.trim() == key
        {
            return Some(value.trim());
        }
    }
    None
}

impl Value for AwsCredentials {
    const KIND: &'static str = "`\"env\"`, `\"profile:NAME\"` or a table with `access_key_id`, `secret_access_key` and `session_token`";

    fn from_text(text: &str, env: &Environment) -> Result<Self, Fault> {
        if text == "env" {
            return Self::of_environment(env).ok_or_else(|| {
                Fault::new("the environment holds no AWS credentials")
                    .hint("set `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`")
            });
        }
        match text.strip_prefix("profile:") {
            Some(name) => Self::of_profile(name, env),
            None => Err(Fault::new(
                "the credentials are neither `env` nor `profile:NAME`",
            )),
        }
    }

    fn from_toml(value: &DeValue<'_>, env: &Environment) -> Result<Self, Fault> {
        const KEYS: [&str; 3] = ["access_key_id", "secret_access_key", "session_token"];
        if let Some(text) = value.as_str() {
            return Self::from_text(text, env);
        }
        let table = value.as_table().ok_or_else(|| wrong_type::<Self>(value))?;
        for key in table.keys().map(toml::Spanned::get_ref) {
            if !KEYS.contains(&key.as_ref()) {
                let fault = Fault::new(format!("unknown key `{key}` in the credentials"));
                return Err(match nearest(key, KEYS) {
                    Some(name) => fault.hint(format!("did you mean `{name}`?")),
                    None => fault,
                });
            }
        }
        let secret = |key: &str| match table.get(key) {
            Some(value) => Secret::from_toml(value.get_ref(), env).map(Some),
            None => Ok(None),
        };
        let needed = |key: &str| {
            secret(key)?.ok_or_else(|| Fault::new(format!("the credentials have no `{key}`")))
        };
        Ok(Self {
            access_key_id: needed(KEYS[0])?.reveal().to_owned(),
            secret_access_key: needed(KEYS[1])?,
            session_token: secret(KEYS[2])?,
            source: AwsCredentialsSource::Table,
        })
    }

    fn show(&self) -> Option<String> {
        Some(match &self.source {
            AwsCredentialsSource::Env => "\"env\"".to_owned(),
            AwsCredentialsSource::Profile(name) => {
                toml::Value::String(format!("profile:{name}")).to_string()
            }
            AwsCredentialsSource::Table => "\"***\"".to_owned(),
        })
    }

    fn warning(&self) -> Option<Fault> {
        self.secret_access_key.warning()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_is_found_by_its_section() {
        let text = "# mine\n[default]\naws_access_key_id = A\n\n[ work ]\naws_access_key_id=B\naws_secret_access_key = s=1\n";
        assert_eq!(
            profile_value(text, "default", "aws_access_key_id"),
            Some("A")
        );
        assert_eq!(
            profile_value(text, "work", "aws_secret_access_key"),
            Some("s=1")
        );
        assert_eq!(
            profile_value(text, "default", "aws_secret_access_key"),
            None
        );
    }

    #[test]
    fn a_profile_file_gives_credentials_and_says_what_it_lacks() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("credentials");
        std::fs::write(
            &path,
            "[a]\naws_access_key_id=I\naws_secret_access_key=S\naws_session_token=T\n[b]\n",
        )
        .unwrap();
        let env =
            Environment::from_pairs([("AWS_SHARED_CREDENTIALS_FILE", path.to_str().unwrap())]);
        let found = AwsCredentials::from_text("profile:a", &env).unwrap();
        assert_eq!(found.access_key_id, "I");
        assert_eq!(found.secret_access_key.reveal(), "S");
        assert_eq!(found.session_token.unwrap().reveal(), "T");
        let fault = AwsCredentials::from_text("profile:b", &env).unwrap_err();
        assert!(
            fault.reason.contains("no `aws_access_key_id`"),
            "{}",
            fault.reason
        );
    }
}
