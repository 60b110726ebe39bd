//! `cargo metadata`, as far as the checks need it.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
};

use serde_json::Value;

/// The workspace and everything it resolves to, on every platform, with all features.
#[derive(Debug, Default)]
pub(crate) struct Metadata {
    pub(crate) packages: Vec<Package>,
    members: BTreeSet<String>,
    /// Package id to the ids it is compiled with (normal and build edges).
    edges: BTreeMap<String, Vec<String>>,
}

/// One package of the graph.
#[derive(Debug, Default, Clone)]
pub(crate) struct Package {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) licence: Option<String>,
    pub(crate) rust_version: Option<String>,
    /// `None` for a package named by path.
    pub(crate) source: Option<String>,
    pub(crate) published: bool,
    pub(crate) dependencies: Vec<Dependency>,
    pub(crate) features: Vec<String>,
    pub(crate) targets: Vec<Target>,
}

/// A dependency as its manifest declares it.
#[derive(Debug, Default, Clone)]
pub(crate) struct Dependency {
    /// The package's real name, also when it is renamed.
    pub(crate) name: String,
    pub(crate) dev: bool,
    pub(crate) requirement: String,
    pub(crate) source: Option<String>,
}

/// Something cargo builds from a package.
#[derive(Debug, Default, Clone)]
pub(crate) struct Target {
    pub(crate) name: String,
    pub(crate) kinds: Vec<String>,
    pub(crate) source_file: PathBuf,
}

impl Target {
    pub(crate) fn is(&self, kind: &str) -> bool {
        self.kinds.iter().any(|own| own == kind)
    }
}

impl Package {
    pub(crate) fn is_library(&self) -> bool {
        self.targets.iter().any(|target| target.is("lib"))
    }
}

impl Metadata {
    /// Reads the JSON of `cargo metadata --format-version=1`.
    pub(crate) fn parse(json: &str) -> Result<Self, String> {
        let value: Value =
            serde_json::from_str(json).map_err(|error| format!("cargo metadata: {error}"))?;
        let packages =
            list(&value, "packages")?.iter().map(package).collect::<Result<Vec<_>, _>>()?;
        let members = list(&value, "workspace_members")?
            .iter()
            .filter_map(|id| id.as_str().map(str::to_owned))
            .collect();
        let resolve = value.get("resolve").ok_or("cargo metadata: no `resolve`")?;
        let mut edges = BTreeMap::new();
        for node in list(resolve, "nodes")? {
            let mut to = Vec::new();
            for edge in list(node, "deps")? {
                // A dev-dependency is not compiled for somebody who depends on the package.
                let compiled = list(edge, "dep_kinds")?
                    .iter()
                    .any(|kind| kind.get("kind").and_then(Value::as_str) != Some("dev"));
                if compiled {
                    to.push(text(edge, "pkg")?);
                }
            }
            edges.insert(text(node, "id")?, to);
        }
        Ok(Self { packages, members, edges })
    }

    /// The workspace's own packages.
    pub(crate) fn members(&self) -> impl Iterator<Item = &Package> {
        self.packages.iter().filter(|package| self.is_member(package))
    }

    pub(crate) fn is_member(&self, package: &Package) -> bool {
        self.members.contains(&package.id)
    }

    pub(crate) fn member(&self, name: &str) -> Option<&Package> {
        self.members().find(|package| package.name == name)
    }

    /// Everything that is compiled when `package` is, itself included.
    pub(crate) fn compiled_with(&self, package: &Package) -> Vec<&Package> {
        let mut seen = BTreeSet::new();
        let mut open = vec![package.id.as_str()];
        while let Some(id) = open.pop() {
            if seen.insert(id) {
                open.extend(self.edges.get(id).into_iter().flatten().map(String::as_str));
            }
        }
        self.packages.iter().filter(|package| seen.contains(package.id.as_str())).collect()
    }
}

fn package(value: &Value) -> Result<Package, String> {
    Ok(Package {
        id: text(value, "id")?,
        name: text(value, "name")?,
        version: text(value, "version")?,
        licence: optional(value, "license"),
        rust_version: optional(value, "rust_version"),
        source: optional(value, "source"),
        // `publish = false` is an empty list of registries; no restriction is null.
        published: value
            .get("publish")
            .and_then(Value::as_array)
            .is_none_or(|registries| !registries.is_empty()),
        dependencies: list(value, "dependencies")?
            .iter()
            .map(|dependency| {
                Ok(Dependency {
                    name: text(dependency, "name")?,
                    dev: optional(dependency, "kind").as_deref() == Some("dev"),
                    requirement: text(dependency, "req")?,
                    source: optional(dependency, "source"),
                })
            })
            .collect::<Result<_, String>>()?,
        features: value
            .get("features")
            .and_then(Value::as_object)
            .map(|features| features.keys().cloned().collect())
            .unwrap_or_default(),
        targets: list(value, "targets")?
            .iter()
            .map(|target| {
                Ok(Target {
                    name: text(target, "name")?,
                    kinds: list(target, "kind")?
                        .iter()
                        .filter_map(|kind| kind.as_str().map(str::to_owned))
                        .collect(),
                    source_file: text(target, "src_path")?.into(),
                })
            })
            .collect::<Result<_, String>>()?,
    })
}

fn list<'value>(value: &'value Value, key: &str) -> Result<&'value Vec<Value>, String> {
    value
        .get(key)
        .and_then(Value::as_array)
        .ok_or_else(|| format!("cargo metadata: `{key}` is not a list"))
}

fn text(value: &Value, key: &str) -> Result<String, String> {
    optional(value, key).ok_or_else(|| format!("cargo metadata: `{key}` is not a string"))
}

fn optional(value: &Value, key: &str) -> Option<String> {
    value.get(key).and_then(Value::as_str).map(str::to_owned)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A workspace `app` that is compiled with `lib` and `gen` (build), and tested with `tool`.
    pub(crate) const SAMPLE: &str = r#"{
      "packages": [
        {"id":"app","name":"app","version":"0.1.0","license":"MIT","rust_version":"1.90",
         "source":null,"publish":null,"features":{"default":[],"extra":[]},
         "dependencies":[{"name":"lib","kind":null,"req":"^1","source":"registry+x"},
                         {"name":"gen","kind":"build","req":"^1","source":"registry+x"},
                         {"name":"tool","kind":"dev","req":"*","source":"registry+x"}],
         "targets":[{"name":"app","kind":["lib"],"src_path":"/a/src/lib.rs"}]},
        {"id":"lib","name":"lib","version":"1.2.3","license":"MIT OR Apache-2.0",
         "rust_version":"1.91.1","source":"registry+x","publish":null,"features":{},
         "dependencies":[],"targets":[{"name":"lib","kind":["lib"],"src_path":"/l/lib.rs"}]},
        {"id":"gen","name":"gen","version":"1.0.0","license":"MIT","rust_version":"1.95",
         "source":"registry+x","publish":null,"features":{},"dependencies":[],"targets":[]},
        {"id":"tool","name":"tool","version":"2.0.0","license":"GPL-3.0-only",
         "rust_version":"1.99","source":"git+y","publish":[],"features":{},
         "dependencies":[],"targets":[]}
      ],
      "workspace_members": ["app"],
      "resolve": {"nodes": [
        {"id":"app","deps":[
          {"pkg":"lib","dep_kinds":[{"kind":"dev"},{"kind":null}]},
          {"pkg":"gen","dep_kinds":[{"kind":"build"}]},
          {"pkg":"tool","dep_kinds":[{"kind":"dev"}]}]},
        {"id":"lib","deps":[]},{"id":"gen","deps":[]},{"id":"tool","deps":[]}
      ]}
    }"#;

    #[test]
    fn dev_dependencies_are_not_compiled_with_a_package_and_build_dependencies_are() {
        let metadata = Metadata::parse(SAMPLE).unwrap();
        let app = metadata.member("app").unwrap();
        let names: Vec<_> =
            metadata.compiled_with(app).iter().map(|package| package.name.as_str()).collect();
        assert_eq!(names, ["app", "lib", "gen"]);
    }

    #[test]
    fn members_features_and_publishing_are_read() {
        let metadata = Metadata::parse(SAMPLE).unwrap();
        assert_eq!(metadata.members().count(), 1);
        let app = metadata.member("app").unwrap();
        assert_eq!(app.features, ["default", "extra"]);
        assert!(app.published && app.is_library());
        assert!(metadata.member("tool").is_none());
        assert!(
            !metadata.packages.iter().any(|package| package.name == "tool" && package.published)
        );
    }

    #[test]
    fn an_answer_of_another_shape_is_an_error_and_not_an_empty_workspace() {
        assert!(Metadata::parse("{}").is_err());
        assert!(Metadata::parse(r#"{"packages":[],"workspace_members":[]}"#).is_err());
        assert!(Metadata::parse("not json").is_err());
    }
}
