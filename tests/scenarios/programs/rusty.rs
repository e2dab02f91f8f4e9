// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// What Rust programs lose: by mem::forget, by Box::leak, by a cycle of Rc, in a thread, in a generic
// function and in a closure.

mod shop {
    use std::cell::RefCell;
    use std::rc::Rc;

    pub struct Basket<T> {
        pub items: Vec<T>,
    }

    impl<T: Clone> Basket<T> {
        #[inline(never)]
        pub fn forget(item: T, count: usize) {
            let basket = Box::new(Basket { items: vec![item; count] }); // forgotten
            std::mem::forget(basket);
        }
    }

    pub trait Sell {
        fn sell(&self) -> usize;
    }

    pub struct Node {
        next: RefCell<Option<Rc<Node>>>,
        text: [u8; 200],
    }

    impl Sell for Node {
        #[inline(never)]
        fn sell(&self) -> usize {
            let bytes: &'static mut [u8] = Box::leak(vec![1u8; 333].into_boxed_slice()); // leaked
            std::hint::black_box(bytes).len() + self.text.len()
        }
    }

    #[inline(never)]
    pub fn make_cycle() -> usize {
        let first = Rc::new(Node { next: RefCell::new(None), text: [7; 200] }); // cycle
        *first.next.borrow_mut() = Some(first.clone());
        first.sell()
    }
}

#[inline(never)]
fn clear_stack() -> u8 {
    let room = [0u8; 8192];
    std::hint::black_box(room)[17]
}

fn main() {
    let closure = |count: usize| {
        let text = "x".repeat(count); // closure
        std::mem::forget(std::hint::black_box(text));
    };
    let sum = std::thread::spawn(move || {
        shop::Basket::forget(5u64, 64);
        let sum = shop::make_cycle();
        std::hint::black_box(&closure)(444);
        sum + clear_stack() as usize
    });
    println!("{}", sum.join().unwrap());
}
