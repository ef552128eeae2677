//! One call's view of the components: who belongs where, with which chance, and which questions that suggests.

use relata_data::seed::stream;

use super::super::Scene;
use super::super::cover::Cover;
use super::super::pool::Pool;
use super::Ground;
use crate::spread::{SINK, spread, spread_one};

const PURPOSE: u64 = 0xb0a2d;
/// A component whose chance is below this share is not asked about.
const STOP: f32 = 0.05;
/// The weight of a row whose component is certain, when rows are covered.
const FLOOR: f32 = 1e-3;
/// Components times rows, which bounds the work.
const MOST_CHANCES: usize = 2 << 20;

pub(super) struct Board<'a, 'b> {
    scene: &'a Scene<'b>,
    pool: &'a Pool,
    ground: &'a Ground,
    groups: Vec<Group>,
    /// Each row's group, by place.
    seeds: Vec<Option<u32>>,
    cover: Cover,
}

/// A component, or an explored row that is one by itself without an answer.
struct Group {
    /// Its most central members.
    members: Vec<u32>,
    /// Number of components known to be different.
    apart: usize,
    /// Whether it stands; otherwise it is a row whose component is still to be found.
    finished: bool,
    /// Whether it is compared with another in this call already.
    reconciled: bool,
    /// The chance of each row in the pool that a walk from it meets this group first.
    chances: Vec<f32>,
    /// The sum of the rows' spectral coordinates, weighted by their chances.
    sum: Vec<f32>,
}

impl<'a, 'b> Board<'a, 'b> {
    pub fn new(scene: &'a Scene<'b>, pool: &'a Pool, ground: &'a Ground) -> Self {
        let rows = pool.rows.len();
        let most = (MOST_CHANCES / rows).min(pool.components.len());
        let seeds: Vec<Option<u32>> = pool.component.iter().map(|at| at.filter(|&at| (at as usize) < most)).collect();
        let chances = spread(&ground.neighbours, &seeds, most);
        let group = |at: usize| {
            let known = &pool.components[at];
            let chances = chances.of(at).to_vec();
            let apart = scene.belief.count_apart(known.label);
            Group::new(known.members.clone(), apart, chances, ground)
        };
        let groups = (0..most).map(group).collect();
        let mut rng = stream(scene.seed, &[PURPOSE, scene.round.into()]);
        let asked = (0..rows as u32).filter(|&place| scene.belief.is_known(pool.rows[place as usize]));
        let asked: Vec<u32> = asked.collect();
        let cover = Cover::new(&ground.coordinates, ground.width, &asked, &pool.fresh, &mut rng);
        let mut board = Self { scene, pool, ground, groups, seeds, cover };
        board.weigh();
        board
    }

    /// Questions that place the rows which were compared with some components and joined none of them, the most certain
    /// first.
    pub fn unfinished(&mut self) -> Vec<(u32, u32)> {
        let alone = (0..self.groups.len()).filter(|&at| self.pool.components[at].size == 1);
        let next = alone.filter_map(|at| {
            let row = self.groups[at].members[0];
            let chances = self.without(self.pool.place(row)?, at);
            let (chance, anchor) = self.most_probable(row, &chances, |other| other != at)?;
            Some((chance, anchor, at, row))
        });
        let mut next: Vec<_> = next.collect();
        next.sort_by(|a, b| b.0.total_cmp(&a.0));
        next.iter().for_each(|&(_, _, at, _)| self.groups[at].finished = false);
        let mut pairs: Vec<(u32, u32)> = Vec::new();
        for (_, anchor, _, row) in next {
            // Two such rows may name each other.
            if !pairs.contains(&(row, anchor)) {
                pairs.push((anchor, row));
            }
        }
        pairs
    }

    /// The question about the next explored row. Rows that are near no component become one each on the way.
    pub fn explore(&mut self) -> Option<(u32, u32)> {
        loop {
            let place = self.cover.choose()? as usize;
            let row = self.pool.rows[place];
            let chances: Vec<f32> = self.groups.iter().map(|group| group.chances[place]).collect();
            match self.most_probable(row, &chances, |at| self.groups[at].finished) {
                Some((_, anchor)) => return Some((anchor, row)),
                None => self.found(place),
            }
        }
    }

    /// The question about two components that are most likely one.
    pub fn reconcile(&mut self) -> Option<(u32, u32)> {
        let mut best: Option<(f32, usize, usize, (u32, u32))> = None;
        for (at, group) in self.groups.iter().enumerate().filter(|(_, group)| group.is_free()) {
            for (other_at, other) in self.groups[..at].iter().enumerate().filter(|(_, group)| group.is_free()) {
                let affinity = group.affinity(other);
                if best.as_ref().is_none_or(|best| affinity > best.0)
                    && let Some(pair) = self.open_pair(&other.members, &group.members)
                {
                    best = Some((affinity, at, other_at, pair));
                }
            }
        }
        let (_, at, other, pair) = best?;
        (self.groups[at].reconciled, self.groups[other].reconciled) = (true, true);
        Some(pair)
    }

    /// The open group that a row most probably belongs to, if its chance is worth a question, as (chance, the member to
    /// compare with).
    fn most_probable(&self, row: u32, chances: &[f32], allowed: impl Fn(usize) -> bool) -> Option<(f32, u32)> {
        let none: f32 = (1.0 - chances.iter().sum::<f32>()).max(0.0);
        let open = (0..chances.len()).filter(|&at| allowed(at) && chances[at] > 0.0);
        let open = open.filter_map(|at| Some((chances[at], self.open_pair(&self.groups[at].members, &[row])?.0)));
        let open: Vec<(f32, u32)> = open.collect();
        let left = none + open.iter().map(|open| open.0).sum::<f32>();
        let best = open.into_iter().reduce(|best, next| if next.0 > best.0 { next } else { best });
        best.filter(|best| best.0 > STOP * left)
    }

    fn open_pair(&self, members: &[u32], others: &[u32]) -> Option<(u32, u32)> {
        if self.scene.belief.relation(members[0], others[0]).is_some() {
            return None;
        }
        let mut pairs = members.iter().flat_map(|&member| others.iter().map(move |&other| (member, other)));
        pairs.find(|&(member, other)| self.scene.is_open(member, other))
    }

    /// The chances of a row that is the only seed of its group, if it were none.
    fn without(&self, place: usize, at: usize) -> Vec<f32> {
        let neighbours = &self.ground.neighbours;
        let step = (1.0 - SINK) / neighbours.degree(place).max(f32::MIN_POSITIVE);
        let after = |group: &Group| {
            let links = neighbours.links(place).iter();
            step * links.map(|link| link.weight * group.chances[link.row as usize]).sum::<f32>()
        };
        // Walks that return start again.
        let leaves = (1.0 - after(&self.groups[at])).max(f32::EPSILON);
        let chance = |(other, group): (usize, &Group)| if other == at { 0.0 } else { after(group) / leaves };
        self.groups.iter().enumerate().map(chance).collect()
    }

    /// Makes a row a group of its own. Walks that meet it first do not meet the others any more.
    fn found(&mut self, place: usize) {
        let number = self.groups.len() as u32;
        self.seeds[place] = Some(number);
        let chances = spread_one(&self.ground.neighbours, &self.seeds, number);
        let group = Group::new(vec![self.pool.rows[place]], 0, chances, self.ground);
        for other in self.groups.iter_mut().filter(|other| other.chances[place] > 0.0) {
            let through = other.chances[place];
            let less = |from: &mut f32, by: &f32| *from -= through * by;
            other.chances.iter_mut().zip(&group.chances).for_each(|(chance, met)| less(chance, met));
            other.sum.iter_mut().zip(&group.sum).for_each(|(sum, met)| less(sum, met));
        }
        self.groups.push(group);
        self.weigh();
    }

    /// Rows count as much as their component is uncertain.
    fn weigh(&mut self) {
        if self.groups.len() < 2 {
            return;
        }
        let groups = &self.groups;
        self.cover.weigh(|row| {
            let chances = groups.iter().map(|group| group.chances[row]);
            let (sum, most) =
                chances.fold((0.0, 0.0), |(sum, most): (f32, f32), chance| (sum + chance, most.max(chance)));
            1.0 - most / sum.max(f32::MIN_POSITIVE) + FLOOR
        });
    }
}

impl Group {
    fn new(members: Vec<u32>, apart: usize, chances: Vec<f32>, ground: &Ground) -> Self {
        let mut sum = vec![0f32; ground.width];
        for (row, chance) in ground.coordinates.chunks_exact(ground.width).zip(&chances) {
            sum.iter_mut().zip(row).for_each(|(sum, x)| *sum += chance * x);
        }
        Self { members, apart, finished: true, reconciled: false, chances, sum }
    }

    fn is_free(&self) -> bool {
        self.finished && !self.reconciled
    }

    /// How alike the directions of two groups are, less if both are known to differ from many others.
    fn affinity(&self, other: &Self) -> f32 {
        let norm = |sum: &[f32]| sum.iter().map(|x| x * x).sum::<f32>().sqrt().max(f32::MIN_POSITIVE);
        let inner: f32 = self.sum.iter().zip(&other.sum).map(|(x, y)| x * y).sum();
        let cosine = inner / (norm(&self.sum) * norm(&other.sum));
        (1.0 + cosine) / (1.0 + self.apart.min(other.apart) as f32).sqrt()
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::fixture::World;
    use super::*;

    fn world() -> World {
        let mut world = World::blobs(4, 25, 4, 0.6, 9);
        for (a, b) in [(0, 4), (1, 5), (0, 1), (2, 3)] {
            world.answer(a, b);
        }
        world
    }

    #[test]
    fn a_founded_group_takes_its_share_of_the_others() {
        let world = world();
        let scene = world.scene(1);
        let pool = Pool::draw(&scene);
        let ground = Ground::new(&pool, 7);
        let mut board = Board::new(&scene, &pool, &ground);
        board.found(50);
        let all = spread(&ground.neighbours, &board.seeds, board.groups.len());
        for (at, group) in board.groups.iter().enumerate() {
            for (updated, solved) in group.chances.iter().zip(all.of(at)) {
                assert!((updated - solved).abs() < 5e-3, "{updated} {solved}");
            }
        }
    }

    #[test]
    fn chances_without_a_row_are_those_of_the_graph_where_it_is_no_seed() {
        let world = world();
        let scene = world.scene(1);
        let pool = Pool::draw(&scene);
        let ground = Ground::new(&pool, 7);
        let board = Board::new(&scene, &pool, &ground);
        let at = pool.component[2].unwrap() as usize;
        let mut seeds = board.seeds.clone();
        seeds[2] = None;
        let without = spread(&ground.neighbours, &seeds, board.groups.len());
        for (other, chance) in board.without(2, at).into_iter().enumerate() {
            let expected = without.of(other)[2];
            assert!((chance - expected).abs() < 5e-3, "{chance} {expected}");
        }
    }
}
