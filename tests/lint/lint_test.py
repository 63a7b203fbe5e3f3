"""Each rule of tools/lint.py can fail, and lets correct code pass."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

SOURCE_DIR = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
sys.path.insert(0, os.path.join(SOURCE_DIR, "tools"))
import lint  # noqa: E402
import tidy  # noqa: E402
from source_tree import SourceTree, without_comments  # noqa: E402


class TreeTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = folder.name

    def tree(self, **files):
        """A tree of just these files ('/' is spelled '__', '.' is spelled '_DOT_'), or the last one again."""
        for entry in os.listdir(self.root) if files else ():
            if entry != "build":
                path = os.path.join(self.root, entry)
                shutil.rmtree(path) if os.path.isdir(path) else os.remove(path)
        for name, text in files.items():
            path = os.path.join(self.root, name.replace("__", "/").replace("_DOT_", "."))
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
        return SourceTree(self.root)

    def messages(self, check, **files):
        return [str(finding) for finding in check(self.tree(**files))]

    def assert_one(self, check, expected, **files):
        messages = self.messages(check, **files)
        self.assertEqual(len(messages), 1, messages)
        self.assertIn(expected, messages[0])

    def assert_none(self, check, **files):
        self.assertEqual(self.messages(check, **files), [])


class Layers(TreeTest):
    def test_a_lower_folder_may_not_include_an_upper_one(self):
        text = '#include "penstock/operators/map.h"\n'
        expected = "core/ring/a.h:1: layers: core may not include operators"
        self.assert_one(lint.check_layers, expected, core__ring__a_DOT_h=text)
        self.assert_one(lint.check_layers, "io may not include operators", io__b_DOT_cc=text)

    def test_engine_folders_may_not_include_tests(self):
        self.assert_one(lint.check_layers, "api may not include tests", api__a_DOT_h='#include "penstock/tests/x.h"\n')

    def test_core_has_an_order_inside(self):
        text = '#include "penstock/core/runtime/task.h"\n'
        self.assert_one(lint.check_layers, "core/time may not include core/runtime", core__time__a_DOT_h=text)
        self.assert_none(lint.check_layers, core__time__a_DOT_h='#include <penstock/core/base/ids.h>\n')

    def test_ring_and_row_do_not_know_each_other(self):
        text = '#include "penstock/core/row/row.h"\n'
        self.assert_one(lint.check_layers, "core/ring may not include core/row", core__ring__a_DOT_h=text)

    def test_a_new_folder_of_core_needs_a_rank(self):
        text = '#include "penstock/core/base/ids.h"\n'
        self.assert_one(lint.check_layers, "core/util has no rank", core__util__a_DOT_h=text)

    def test_includes_carry_the_prefix(self):
        self.assert_one(lint.check_layers, 'instead of "a.h"', tools__b_DOT_cc='#include "a.h"\n')

    def test_tools_and_upper_folders_may_look_down(self):
        self.assert_none(
            lint.check_layers,
            tools__a_DOT_cc='#include "penstock/api/stream.h"\n#include "penstock/bench/harness/h.h"\n',
            operators__a_DOT_h='#include "penstock/state/value_state.h"\n',
        )


class PublicHeaders(TreeTest):
    def test_a_third_party_include_is_found(self):
        for name in ("simdjson.h", "boost/unordered/unordered_flat_map.hpp", "gtest/gtest.h", "spdlog/spdlog.h"):
            self.assert_one(lint.check_public, f"<{name}> is third-party", io__a_DOT_h=f"#include <{name}>\n")

    def test_sources_tests_and_standard_headers_are_free(self):
        self.assert_none(
            lint.check_public,
            io__a_DOT_cc="#include <simdjson.h>\n",
            tests__io__a_DOT_h="#include <gtest/gtest.h>\n",
            core__base__b_DOT_h="#include <atomic>\n#include <sys/mman.h>\n#include <linux/futex.h>\n",
        )


class Form(TreeTest):
    GOOD = "// core/ring/a.h -- a queue.\n#pragma once\nvoid f() {\n  using namespace std;\n}\n"

    def test_a_good_header_passes(self):
        self.assert_none(lint.check_form, core__ring__a_DOT_h=self.GOOD)

    def test_the_first_line_names_the_file_and_its_purpose(self):
        self.assert_one(lint.check_form, "the first line", core__ring__a_DOT_h=self.GOOD.replace("a.h", "b.h"))
        self.assert_one(lint.check_form, "the first line", core__ring__a_DOT_h=self.GOOD.replace("-- a queue.", "--"))

    def test_pragma_once_outside_a_comment(self):
        text = self.GOOD.replace("#pragma once", "// #pragma once")
        self.assert_one(lint.check_form, "#pragma once is missing", core__ring__a_DOT_h=text)

    def test_using_namespace_at_namespace_scope(self):
        text = self.GOOD + "using namespace std;\n"
        self.assert_one(lint.check_form, "core/ring/a.h:6: form: 'using namespace'", core__ring__a_DOT_h=text)


class Length(TreeTest):
    @staticmethod
    def body(lines):
        return "".join(f"  work({i});\n" for i in range(lines))

    def test_a_long_file(self):
        self.assert_one(lint.check_length, "501 lines", api__a_DOT_h="// x\n" * 501)
        self.assert_none(lint.check_length, api__a_DOT_h="// x\n" * 500)

    def test_a_long_line(self):
        self.assert_one(lint.check_length, "121 columns", api__a_DOT_h="/" * 121 + "\n")

    def test_a_long_function(self):
        text = "int f(int a) {\n" + self.body(59) + "}\n"
        self.assert_one(lint.check_length, "api/a.cc:1: length: f has 61 lines", api__a_DOT_cc=text)
        self.assert_none(lint.check_length, api__a_DOT_cc="int f(int a) {\n" + self.body(58) + "}\n")

    def test_long_functions_in_disguise(self):
        heads = (
            "template <class T>\n  requires(Small<T>)\nauto Ring<T>::drain(T&& f) noexcept -> std::size_t {\n",
            "Engine::Engine(int a) : a_{a}, b_(a) {\n",
            "TEST(Ring, WrapsAround) {\n",
            "namespace n {\nclass A : public B<int> {\n public:\n  bool operator==(const A& b) const {\n",
            "constexpr auto twice = [](int x) {\n",
        )
        for head in heads:
            text = head + "  if (x) { y(); }\n" + self.body(70) + "}\n"
            self.assert_one(lint.check_length, "the limit is 60", api__a_DOT_cc=text)

    def test_types_namespaces_and_tables_are_not_functions(self):
        heads = ("struct alignas(64) A {", "namespace a::b {", "enum class E : int {", "constexpr int kT[] = {")
        for head in heads:
            self.assert_none(lint.check_length, api__a_DOT_cc=head + "\n" + "  1,\n" * 80 + "};\n")

    def test_braces_in_text_comments_and_macros_do_not_count(self):
        text = 'int f() {\n  s = "}{{"; c = \'{\'; // {\n  r = R"x({{)x"; n = 1\'000;\n}\n#define M {\\\n {\nint g() {\n}\n'
        self.assertEqual([name for _, _, name in lint.functions(text)], ["f", "g"])


class Hot(TreeTest):
    def test_banned_calls_and_headers(self):
        samples = {
            "auto t = std::chrono::steady_clock::now();": "reads a clock",
            "auto* p = new int[4];": "allocates",
            "delete p;": "frees",
            "void* p = malloc(3);": "allocates",
            "std::function<void()> f;": "indirect call",
            "throw 1;": "throws",
            "std::shared_ptr<int> p;": "counts references",
            'printf("x");': "prints",
            "std::lock_guard guard(m);": "locks",
            "#include <mutex>": "no place",
            "#include <iostream>": "no place",
        }
        for text, expected in samples.items():
            for path in ("core__ring__spsc_ring_DOT_h", "operators__map_DOT_h", "state__flat_table_DOT_h"):
                self.assert_one(lint.check_hot, expected, **{path: text + "\n"})

    def test_cold_files_comments_and_strings_are_free(self):
        self.assert_none(
            lint.check_hot,
            core__runtime__engine_DOT_cc="auto p = new int; throw 1;\n#include <mutex>\n",
            core__stream__chain_DOT_h='// a new record; never throw\nconst char* s = "malloc(";\n',
        )

    def test_placement_new_and_deleted_functions_are_free(self):
        text = "#include <new>\nA(const A&) = delete;\n::new (slot) T(value);\n::operator delete(p);\n"
        self.assert_none(lint.check_hot, core__stream__chain_DOT_h=text)

    def test_an_allowance_covers_the_next_line_and_needs_a_reason(self):
        reasoned = "// lint: allow(hot) taken once, in the constructor\nauto p = new int;\n"
        self.assert_none(lint.check_hot, core__stream__chain_DOT_h=reasoned)
        self.assert_one(
            lint.check_hot, "needs its reason", core__stream__chain_DOT_h="auto p = new int;  // lint: allow(hot)\n"
        )


class Words(TreeTest):
    def test_paths_of_one_machine_and_notes_to_self(self):
        for text in ("/srv/me/x", "/tmp/me", "/home/me/x", "FIXME", "TODO later", "TODO(me)"):
            self.assert_one(lint.check_words, "words", docs__a_DOT_md=text + "\n")

    def test_a_todo_with_its_reason(self):
        self.assert_none(lint.check_words, core__a_DOT_h="// TODO(needs librdkafka 2.3, Debian 12 has 2.0)\n")


class FolderMap(TreeTest):
    CODE = {"core__base__a_DOT_h": "", "tests__core__base__a_test_DOT_cc": "", "tests__sim__b_DOT_cc": ""}

    def document(self, *lines):
        return "# Architecture\n```folders\n" + "\n".join(lines) + "\n```\n"

    def test_map_and_tree_agree(self):
        text = self.document("core/       engine", "core/base/  words", "tests/  all", "tests/sim/  seeded runs")
        self.assert_none(lint.check_map, docs__architecture_DOT_md=text, **self.CODE)

    def test_a_line_for_a_sub_folder_speaks_of_its_parent_and_mirrors_may_be_named(self):
        text = self.document("core/base/  words", "tests/core/  mirrors core", "tests/sim/  seeded runs", "docs/  this")
        self.assert_none(lint.check_map, docs__architecture_DOT_md=text, **self.CODE)

    def test_a_folder_missing_from_the_map(self):
        text = self.document("core/       engine", "tests/  all", "tests/sim/  seeded runs")
        self.assert_one(lint.check_map, "core/base/ has code", docs__architecture_DOT_md=text, **self.CODE)

    def test_a_folder_missing_from_the_tree(self):
        text = self.document("core/", "core/base/", "core/gone/", "tests/", "tests/sim/")
        self.assert_one(
            lint.check_map, "architecture.md:5: map: core/gone/", docs__architecture_DOT_md=text, **self.CODE
        )

    def test_no_document_or_no_map(self):
        self.assert_one(lint.check_map, "the file is missing", **self.CODE)
        text = "# Architecture\n"
        self.assert_one(lint.check_map, "no ```folders block", docs__architecture_DOT_md=text, **self.CODE)


class Headers(TreeTest):
    def check(self, tree):
        return lint.check_headers(tree, os.path.join(self.root, "build"))

    def test_a_header_that_leans_on_its_includer(self):
        self.assert_one(self.check, "does not compile alone", core__a_DOT_h="#pragma once\nstd::size_t f();\n")

    def test_a_header_that_a_source_begins_with_is_left_to_the_build(self):
        leaning = "#pragma once\nstd::size_t f();\n"
        source = '// Says f.\n#include "penstock/core/a.h"\n\n#include <cstddef>\n'
        self.assert_none(self.check, core__a_DOT_h=leaning, core__a_DOT_cc=source)
        self.assert_one(self.check, "core/a.h:1", core__a_DOT_h=leaning, tests__sql__a_test_DOT_cc=source)
        other_first = '#include <cstddef>\n#include "penstock/core/a.h"\n'
        self.assert_one(self.check, "core/a.h:1", core__a_DOT_h=leaning, core__a_DOT_cc=other_first)

    def test_the_build_that_headers_are_left_to_compiles_each_source_alone(self):
        with open(os.path.join(os.path.dirname(lint.__file__), "..", "CMakePresets.json"), encoding="utf-8") as file:
            presets = {preset["name"]: preset for preset in json.load(file)["configurePresets"]}
        for name in ("base", "sanitised", "tsan"):
            self.assertNotIn("PENSTOCK_UNITED", presets[name]["cacheVariables"], name)

    def test_a_change_below_is_noticed_by_a_warm_run(self):
        good = "#pragma once\n#include <cstddef>\nusing Size = std::size_t;\n"
        user = '#pragma once\n#include "penstock/core/a.h"\nSize f();\n'
        self.assert_none(self.check, core__a_DOT_h=good, core__b_DOT_h=user)
        self.assert_none(self.check)
        self.assert_one(self.check, "core/b.h:1", core__a_DOT_h=good.replace("Size", "Bytes"), core__b_DOT_h=user)


class Format(TreeTest):
    def test_badly_formatted_code(self):
        style = "BasedOnStyle: Google\n"
        files = {"_DOT_clang-format": style, "core__a_DOT_h": "int   f( );\n"}
        self.assert_one(lint.check_format, "tools/format", **files)

    def test_well_formatted_code(self):
        self.assert_none(lint.check_format, core__a_DOT_h="int f();\n")


class Comments(unittest.TestCase):
    def test_lines_keep_their_numbers(self):
        text = 'a /* x\n y */ b // c\nd "e" f\n'
        self.assertEqual(without_comments(text), "a     \n      b     \nd     f\n")


class TidySelection(TreeTest):
    def test_a_changed_header_is_read_through_the_nearest_file(self):
        tree = self.tree(
            core__a_DOT_h="",
            core__a_DOT_cc="",
            core__b_DOT_h="",
            tests__core__b_test_DOT_cc="",
            core__c_DOT_h="",
            core__d_DOT_h='#include "penstock/core/c.h"\n',
            core__d_DOT_cc='#include "penstock/core/d.h"\n',
        )
        units = {"core/a.cc": "", "tests/core/b_test.cc": "", "core/d.cc": ""}
        self.assertEqual(tidy.units_to_check(tree, units, {"core/a.h"}), ["core/a.cc"])
        self.assertEqual(tidy.units_to_check(tree, units, {"core/b.h"}), ["tests/core/b_test.cc"])
        self.assertEqual(tidy.units_to_check(tree, units, {"core/c.h"}), ["core/d.cc"])
        self.assertEqual(tidy.units_to_check(tree, units, {".clang-tidy"}), sorted(units))
        self.assertEqual(tidy.units_to_check(tree, units, None), sorted(units))


class CommandLine(TreeTest):
    def run_lint(self, *arguments):
        command = [sys.executable, os.path.join(SOURCE_DIR, "tools", "lint.py"), "--root", self.root, *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    def test_the_exit_code_tells(self):
        self.tree(core__base__a_DOT_h="#include <simdjson.h>\n")
        self.assertEqual(self.run_lint("--rules", "public").returncode, 1)
        self.assertEqual(self.run_lint("--rules", "layers").returncode, 0)
        self.assertEqual(self.run_lint("--rules", "beauty").returncode, 2)


if __name__ == "__main__":
    unittest.main()
