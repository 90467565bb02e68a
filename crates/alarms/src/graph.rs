//! Which composite alarms depend on which alarms, in which order they are evaluated, and which are in cycles.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What the rules and suppressors of composite alarms say about each other.
///
/// An alarm that is put or deleted changes its own place alone, where that is enough: one that nobody depends on comes
/// behind its children, and one whose new children come before it stays. Only where neither holds are all places found
/// anew.
#[derive(Debug, Default)]
pub(crate) struct Graph {
    nodes: BTreeMap<Arc<str>, Node>,
    /// The composite alarms in whose rules an alarm is.
    parents: Edges,
    /// The composite alarms that an alarm suppresses.
    suppresses: Edges,
    /// Its place in an order in which every alarm comes after those in its rule; none for alarms in a cycle. Those that
    /// have nothing to do with each other may have the same.
    places: BTreeMap<Arc<str>, Option<usize>>,
}

type Edges = BTreeMap<Arc<str>, BTreeSet<Arc<str>>>;

static NONE: BTreeSet<Arc<str>> = BTreeSet::new();

/// What the graph is made of: a composite alarm.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) name: Arc<str>,
    pub(crate) children: Vec<Arc<str>>,
    pub(crate) suppressor: Option<Arc<str>>,
}

impl Graph {
    pub(crate) fn of(nodes: impl Iterator<Item = Node>) -> Self {
        let mut graph = Self::default();
        for node in nodes {
            graph.link(node);
        }
        graph.place_all();
        graph
    }

    /// Puts an alarm in place of the one of its name.
    pub(crate) fn put(&mut self, node: Node) {
        let name = Arc::clone(&node.name);
        let before = self.places.get(&name).copied();
        self.unlink(&name);
        let comes_before = |child: &Arc<str>, own: usize| match self.places.get(child) {
            Some(Some(place)) => *place < own,
            // In a cycle, which may lead back to this one.
            Some(None) => false,
            // No composite alarm, so nothing is below it.
            None => true,
        };
        let place = match before {
            Some(Some(own)) if node.children.iter().all(|child| comes_before(child, own)) => {
                Some(own)
            }
            // What was in a cycle may have held others in it.
            Some(None) => None,
            _ if self.parents(&name).is_empty() && !node.children.contains(&name) => {
                let below = node.children.iter().filter_map(|child| self.place(child));
                Some(above(below))
            }
            _ => None,
        };
        self.link(node);
        if place.is_some() {
            self.places.insert(name, place);
        } else {
            self.place_all();
        }
    }

    /// Removes an alarm, on which none depends.
    pub(crate) fn remove(&mut self, name: &str) {
        self.unlink(name);
        self.places.remove(name);
    }

    fn link(&mut self, node: Node) {
        for child in &node.children {
            let parents = self.parents.entry(Arc::clone(child)).or_default();
            parents.insert(Arc::clone(&node.name));
        }
        if let Some(suppressor) = &node.suppressor {
            let suppressed = self.suppresses.entry(Arc::clone(suppressor)).or_default();
            suppressed.insert(Arc::clone(&node.name));
        }
        self.nodes.insert(Arc::clone(&node.name), node);
    }

    fn unlink(&mut self, name: &str) {
        let Some(node) = self.nodes.remove(name) else {
            return;
        };
        for child in &node.children {
            forget(&mut self.parents, child, name);
        }
        if let Some(suppressor) = &node.suppressor {
            forget(&mut self.suppresses, suppressor, name);
        }
    }

    fn place_all(&mut self) {
        self.places = places(&self.nodes);
    }

    pub(crate) fn parents(&self, name: &str) -> &BTreeSet<Arc<str>> {
        self.parents.get(name).unwrap_or(&NONE)
    }

    pub(crate) fn suppressed_by(&self, name: &str) -> &BTreeSet<Arc<str>> {
        self.suppresses.get(name).unwrap_or(&NONE)
    }

    /// The place of a composite alarm in the order of evaluation; `None` if it is in a cycle.
    pub(crate) fn place(&self, name: &str) -> Option<usize> {
        self.places.get(name).copied().flatten()
    }
}

/// The place right behind others.
fn above(below: impl Iterator<Item = usize>) -> usize {
    below.max().map_or(0, |place| place + 1)
}

fn forget(edges: &mut Edges, from: &str, to: &str) {
    if let Some(all) = edges.get_mut(from) {
        all.remove(to);
        if all.is_empty() {
            edges.remove(from);
        }
    }
}

/// Tarjan's strongly connected components, which come out children first; without recursion, since a chain of alarms may
/// be as long as somebody makes it.
fn places(nodes: &BTreeMap<Arc<str>, Node>) -> BTreeMap<Arc<str>, Option<usize>> {
    let names = nodes.keys().enumerate();
    let numbers: BTreeMap<&str, usize> = names.map(|(number, name)| (&**name, number)).collect();
    let edges: Vec<Vec<usize>> = nodes
        .values()
        .map(|node| {
            let children = node.children.iter();
            children
                .filter_map(|child| numbers.get(&**child).copied())
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
    };
    for number in 0..nodes.len() {
        search.visit(number);
    }
    nodes.keys().cloned().zip(search.order).collect()
}

struct Search<'a> {
    edges: &'a [Vec<usize>],
    seen: Vec<Option<usize>>,
    low: Vec<usize>,
    is_open: Vec<bool>,
    open: Vec<usize>,
    order: Vec<Option<usize>>,
    counted: usize,
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
            let below = self.edges[node].iter();
            self.order[node] = Some(above(below.filter_map(|child| self.order[*child])));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn graph(rules: &[(&str, &[&'static str])]) -> Graph {
        let nodes = rules.iter().map(|(name, children)| node(name, children));
        Graph::of(nodes)
    }

    fn node(name: &str, children: &[&str]) -> Node {
        Node {
            name: Arc::from(name),
            children: children.iter().map(|child| Arc::from(*child)).collect(),
            suppressor: None,
        }
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
        let pairs = names.iter().zip(names.iter().skip(1));
        let graph = Graph::of(pairs.map(|(name, child)| node(name, &[child.as_str()])));
        assert_eq!(graph.place("c0"), Some(names.len() - 2));
    }

    const NAMES: [&str; 7] = ["a", "b", "c", "d", "e", "f", "m"];

    /// Every alarm that is in no cycle comes after those in its rule, and the others have no place.
    fn check(graph: &Graph) {
        let fresh = places(&graph.nodes);
        for (name, node) in &graph.nodes {
            let own = graph.place(name);
            assert_eq!(own.is_some(), fresh[name].is_some(), "{name}");
            for child in &node.children {
                if let (Some(own), Some(child)) = (own, graph.place(child)) {
                    assert!(child < own, "{name}");
                }
            }
        }
    }

    proptest::proptest! {
        #[test]
        fn what_is_put_one_by_one_is_as_if_put_at_once(
            steps in proptest::collection::vec((0..6_usize, 0..128_u8, proptest::bool::weighted(0.2)), 0..40),
        ) {
            let mut graph = Graph::default();
            for (number, children, is_removed) in steps {
                let name = NAMES[number];
                if is_removed {
                    if graph.parents(name).is_empty() {
                        graph.remove(name);
                    }
                } else {
                    let children = (0..NAMES.len()).filter(|bit| children & (1 << bit) != 0);
                    let children: Vec<&str> = children.map(|bit| NAMES[bit]).collect();
                    graph.put(node(name, &children));
                }
                check(&graph);
            }
            for (child, parents) in &graph.parents {
                for parent in parents {
                    assert!(graph.nodes[parent].children.contains(child));
                }
            }
        }
    }
}
