//! Which composite alarms depend on which alarms, in which order they are evaluated, and which are in cycles.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::definition::name_in;

/// What the rules and suppressors of composite alarms say about each other.
#[derive(Debug, Default)]
pub(crate) struct Graph {
    /// The composite alarms in whose rules an alarm is.
    parents: BTreeMap<Arc<str>, Vec<Arc<str>>>,
    /// The composite alarms that an alarm suppresses.
    suppresses: BTreeMap<Arc<str>, Vec<Arc<str>>>,
    /// Its place in an order in which every alarm comes after those in its rule; none for alarms in a cycle.
    places: BTreeMap<Arc<str>, Option<usize>>,
}

/// What the graph is made of: a composite alarm.
pub(crate) struct Node<'a> {
    pub(crate) name: Arc<str>,
    pub(crate) children: Vec<&'a str>,
    pub(crate) suppressor: Option<&'a str>,
}

impl Graph {
    pub(crate) fn of(nodes: &[Node<'_>]) -> Self {
        let mut graph = Self::default();
        for node in nodes {
            for child in &node.children {
                let parents = graph.parents.entry(Arc::from(*child)).or_default();
                parents.push(Arc::clone(&node.name));
            }
            if let Some(suppressor) = node.suppressor {
                let name = Arc::from(name_in(suppressor));
                let suppressed = graph.suppresses.entry(name).or_default();
                suppressed.push(Arc::clone(&node.name));
            }
        }
        graph.places = places(nodes);
        graph
    }

    pub(crate) fn parents(&self, name: &str) -> &[Arc<str>] {
        self.parents.get(name).map_or(&[], Vec::as_slice)
    }

    pub(crate) fn suppressed_by(&self, name: &str) -> &[Arc<str>] {
        self.suppresses.get(name).map_or(&[], Vec::as_slice)
    }

    /// The place of a composite alarm in the order of evaluation; `None` if it is in a cycle.
    pub(crate) fn place(&self, name: &str) -> Option<usize> {
        self.places.get(name).copied().flatten()
    }
}

/// Tarjan's strongly connected components, which come out children first; without recursion, since a chain of alarms may
/// be as long as somebody makes it.
fn places(nodes: &[Node<'_>]) -> BTreeMap<Arc<str>, Option<usize>> {
    let numbers: BTreeMap<&str, usize> = nodes
        .iter()
        .enumerate()
        .map(|(number, node)| (&*node.name, number))
        .collect();
    let edges: Vec<Vec<usize>> = nodes
        .iter()
        .map(|node| {
            let children = node.children.iter();
            children
                .filter_map(|child| numbers.get(child).copied())
                .collect()
        })
        .collect();
    let mut search = Search {
        edges: &edges,
        seen: vec![None; nodes.len()],
        low: vec![0; nodes.len()],
        is_open: vec![false; nodes.len()],
        open: Vec::new(),
        order: vec![None; nodes.len()],
        counted: 0,
        placed: 0,
    };
    for number in 0..nodes.len() {
        search.visit(number);
    }
    nodes
        .iter()
        .zip(search.order)
        .map(|(node, place)| (Arc::clone(&node.name), place))
        .collect()
}

struct Search<'a> {
    edges: &'a [Vec<usize>],
    seen: Vec<Option<usize>>,
    low: Vec<usize>,
    is_open: Vec<bool>,
    open: Vec<usize>,
    order: Vec<Option<usize>>,
    counted: usize,
    placed: usize,
}

impl Search<'_> {
    fn visit(&mut self, root: usize) {
        if self.seen[root].is_some() {
            return;
        }
        self.enter(root);
        // A node and which of its edges comes next.
        let mut path = vec![(root, 0_usize)];
        while let Some((node, next)) = path.last_mut() {
            let node = *node;
            if let Some(child) = self.edges[node].get(*next).copied() {
                *next += 1;
                match self.seen[child] {
                    None => {
                        self.enter(child);
                        path.push((child, 0));
                    }
                    Some(number) if self.is_open[child] => {
                        self.low[node] = self.low[node].min(number);
                    }
                    Some(_) => {}
                }
                continue;
            }
            path.pop();
            if let Some((parent, _)) = path.last() {
                self.low[*parent] = self.low[*parent].min(self.low[node]);
            }
            if self.seen[node] == Some(self.low[node]) {
                self.close(node);
            }
        }
    }

    fn enter(&mut self, node: usize) {
        self.seen[node] = Some(self.counted);
        self.low[node] = self.counted;
        self.counted += 1;
        self.open.push(node);
        self.is_open[node] = true;
    }

    /// Takes a component off: one alarm that is not in its own rule gets a place, all others are in a cycle.
    fn close(&mut self, node: usize) {
        let mut size = 0;
        while let Some(member) = self.open.pop() {
            self.is_open[member] = false;
            size += 1;
            if member == node {
                break;
            }
        }
        if size == 1 && !self.edges[node].contains(&node) {
            self.order[node] = Some(self.placed);
            self.placed += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn graph(rules: &[(&str, &[&'static str])]) -> Graph {
        let nodes: Vec<Node<'_>> = rules
            .iter()
            .map(|(name, children)| Node {
                name: Arc::from(*name),
                children: children.to_vec(),
                suppressor: None,
            })
            .collect();
        Graph::of(&nodes)
    }

    #[test]
    fn children_come_first() {
        let graph = graph(&[
            ("top", &["left", "right"]),
            ("left", &["low"]),
            ("right", &["low"]),
            ("low", &["m"]),
        ]);
        assert!(graph.place("low") < graph.place("left"));
        assert!(graph.place("left") < graph.place("top"));
        assert!(graph.place("right") < graph.place("top"));
        assert_eq!(graph.parents("low").len(), 2);
    }

    #[test]
    fn whoever_is_in_a_cycle_has_no_place_and_others_have() {
        let graph = graph(&[
            ("a", &["b"]),
            ("b", &["c", "d"]),
            ("c", &["a"]),
            ("d", &["b"]),
            ("own", &["own"]),
            ("above", &["a"]),
            ("free", &["m"]),
        ]);
        for name in ["a", "b", "c", "d", "own"] {
            assert_eq!(graph.place(name), None, "{name}");
        }
        assert!(graph.place("above").is_some() && graph.place("free").is_some());
    }

    #[test]
    fn a_long_chain_exhausts_no_stack() {
        let names: Vec<String> = (0..50_000).map(|number| format!("c{number}")).collect();
        let nodes: Vec<Node<'_>> = names
            .iter()
            .zip(names.iter().skip(1))
            .map(|(name, child)| Node {
                name: Arc::from(name.as_str()),
                children: vec![child.as_str()],
                suppressor: None,
            })
            .collect();
        let graph = Graph::of(&nodes);
        assert_eq!(graph.place("c0"), Some(nodes.len() - 1));
    }
}
