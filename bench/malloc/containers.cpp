// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// containers <map|hash|strings|list|handover> <rounds> [threads]: what C++ programs do with their
// containers.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

namespace
{

class chance
{
  public:
    explicit chance(std::uint64_t seed) : state_(seed * 0x9E3779B97F4A7C15u + 1)
    {
    }

    std::uint32_t below(std::uint32_t limit)
    {
        state_ ^= state_ >> 12;
        state_ ^= state_ << 25;
        state_ ^= state_ >> 27;
        return static_cast<std::uint32_t>(((state_ * 0x2545F4914F6CDD1Du >> 32) * limit) >> 32);
    }

  private:
    std::uint64_t state_;
};

std::string word(chance &random)
{
    return std::string(4 + random.below(40), static_cast<char>('a' + random.below(26))) +
           std::to_string(random.below(1000000));
}

// An ordered index: insertions, look-ups, removals, in a set of changing size.
std::size_t ordered(chance random, unsigned rounds)
{
    std::map<std::uint32_t, std::string> index;
    std::size_t sum = 0;
    for (unsigned i = 0; i < rounds * 1000; i++) {
        index[random.below(60000)] = word(random);
        auto found = index.lower_bound(random.below(60000));
        if (found != index.end()) {
            sum += found->second.size();
            if (i % 3 == 0) {
                index.erase(found);
            }
        }
    }
    return sum + index.size();
}

// Counting words in a hash table that is filled and thrown away.
std::size_t hashed(chance random, unsigned rounds)
{
    std::size_t sum = 0;
    for (unsigned round = 0; round < rounds; round++) {
        std::unordered_map<std::string, std::vector<unsigned>> table;
        for (unsigned i = 0; i < 2000; i++) {
            table[word(random)].push_back(i);
        }
        sum += table.size();
    }
    return sum;
}

// Vectors of strings: grown, sorted, split, joined.
std::size_t strings(chance random, unsigned rounds)
{
    std::size_t sum = 0;
    for (unsigned round = 0; round < rounds; round++) {
        std::vector<std::string> words;
        for (unsigned i = 0; i < 1500; i++) {
            words.push_back(word(random));
        }
        std::sort(words.begin(), words.end());
        std::string text;
        for (const std::string &one : words) {
            text += one + ",";
        }
        std::vector<std::string> parts;
        for (std::size_t at = 0; at < text.size();) {
            std::size_t end = text.find(',', at);
            parts.push_back(text.substr(at, end - at));
            at = end + 1;
        }
        sum += parts.size() + (parts == words);
    }
    return sum;
}

// A list of shared objects of several kinds, taken from one end and put to the other.
struct shape {
    virtual ~shape() = default;
    virtual std::size_t size() const = 0;
};

template <std::size_t N> struct polygon : shape {
    std::unique_ptr<double[]> points{new double[2 * N]()};
    std::size_t size() const override
    {
        return N + static_cast<std::size_t>(points[N]);
    }
};

std::shared_ptr<shape> make_shape(std::uint32_t kind)
{
    switch (kind) {
    case 0:
        return std::make_shared<polygon<3>>();
    case 1:
        return std::make_shared<polygon<7>>();
    case 2:
        return std::make_shared<polygon<20>>();
    default:
        return std::make_shared<polygon<100>>();
    }
}

std::size_t listed(chance random, unsigned rounds)
{
    std::list<std::shared_ptr<shape>> shapes;
    std::size_t sum = 0;
    for (unsigned i = 0; i < rounds * 1000; i++) {
        shapes.push_back(make_shape(random.below(4)));
        if (shapes.size() > 20000) {
            sum += shapes.front()->size();
            shapes.pop_front();
        }
    }
    return sum;
}

// Each thread builds a table and leaves it to the next one, which reads and destroys it.
std::size_t handed_over(unsigned rounds, unsigned threads)
{
    using table = std::map<std::uint32_t, std::vector<std::string>>;
    std::vector<table> left(threads);
    std::vector<std::size_t> sums(threads);
    for (unsigned round = 0; round < rounds; round++) {
        std::vector<std::thread> crew;
        std::vector<table> built(threads);
        for (unsigned t = 0; t < threads; t++) {
            crew.emplace_back([&, t] {
                for (const auto &entry : left[t]) {
                    sums[t] += entry.second.size();
                }
                left[t].clear();
                chance random(round * threads + t + 1);
                for (unsigned i = 0; i < 20000 / threads; i++) {
                    built[t][random.below(5000)].push_back(word(random));
                }
            });
        }
        for (std::thread &thread : crew) {
            thread.join();
        }
        for (unsigned t = 0; t < threads; t++) {
            left[(t + 1) % threads] = std::move(built[t]);
        }
    }
    std::size_t sum = 0;
    for (std::size_t one : sums) {
        sum += one;
    }
    return sum;
}

} // namespace

int main(int argc, char **argv)
{
    if (argc < 3) {
        std::fputs(
            "usage: containers <map|hash|strings|list|handover> <rounds> [threads]\n", stderr);
        return 2;
    }
    unsigned rounds = static_cast<unsigned>(std::strtoul(argv[2], nullptr, 10));
    unsigned threads = argc > 3 ? static_cast<unsigned>(std::strtoul(argv[3], nullptr, 10)) : 2;
    chance random(1);
    std::size_t sum = 0;
    if (std::strcmp(argv[1], "map") == 0) {
        sum = ordered(random, rounds);
    } else if (std::strcmp(argv[1], "hash") == 0) {
        sum = hashed(random, rounds);
    } else if (std::strcmp(argv[1], "strings") == 0) {
        sum = strings(random, rounds);
    } else if (std::strcmp(argv[1], "list") == 0) {
        sum = listed(random, rounds);
    } else if (std::strcmp(argv[1], "handover") == 0) {
        sum = handed_over(rounds, threads);
    } else {
        return 2;
    }
    std::printf("%zu\n", sum);
    return sum == 0;
}
