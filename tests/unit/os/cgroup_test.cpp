// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
#include "os/cgroup.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

namespace pool::os {
namespace {

// A made tree in a temporary folder.
class Quota : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = std::filesystem::temp_directory_path() / "libpool-XXXXXX";
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    root_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(root_); }

  void write(const std::string& path, const std::string& text) {
    const std::filesystem::path full = root_ + path;
    std::filesystem::create_directories(full.parent_path());
    std::ofstream(full, std::ios::app) << text;
  }
  void group(const std::string& line) { write("/proc/self/cgroup", line + "\n"); }
  void mount(const std::string& top, const std::string& point, const std::string& rest) {
    write("/proc/self/mountinfo", "30 25 0:26 " + top + " " + point + " rw,nosuid " + rest + "\n");
  }
  void unified(const std::string& top = "/", const std::string& point = "/sys/fs/cgroup") {
    mount(top, point, "shared:9 master:2 - cgroup2 cgroup2 rw,nsdelegate");
  }
  void old(const std::string& top = "/", const std::string& point = "/sys/fs/cgroup/cpu,cpuacct") {
    mount(top, point, "- cgroup cgroup rw,cpu,cpuacct");
  }
  void old_quota(const std::string& folder, const std::string& quota, const std::string& period) {
    write(folder + "/cpu.cfs_quota_us", quota + "\n");
    write(folder + "/cpu.cfs_period_us", period + "\n");
  }
  std::uint32_t found() const { return quota_processors(root_.c_str()); }

  std::string root_;
};

TEST_F(Quota, NothingThereIsNone) {
  EXPECT_EQ(found(), 0U);
  group("0::/a");
  EXPECT_EQ(found(), 0U);
  unified();
  EXPECT_EQ(found(), 0U);
}

TEST_F(Quota, OfTheUnifiedHierarchyIsRoundedUp) {
  group("0::/a");
  unified();
  write("/sys/fs/cgroup/a/cpu.max", "250000 100000\n");
  EXPECT_EQ(found(), 3U);
}

TEST_F(Quota, WholeProcessorsAreNotRounded) {
  group("0::/a");
  unified();
  write("/sys/fs/cgroup/a/cpu.max", "200000 100000\n");
  EXPECT_EQ(found(), 2U);
}

TEST_F(Quota, LessThanAProcessorIsOne) {
  group("0::/a");
  unified();
  write("/sys/fs/cgroup/a/cpu.max", "1000 1000000\n");
  EXPECT_EQ(found(), 1U);
}

TEST_F(Quota, MaxIsNone) {
  group("0::/a");
  unified();
  write("/sys/fs/cgroup/a/cpu.max", "max 100000\n");
  EXPECT_EQ(found(), 0U);
}

TEST_F(Quota, NonsenseIsNone) {
  for (const char* text : {"", "\n", "x", "0 100000", "-5 100000", "100000", "100000 0", "100000 -1", "100000 x",
                           "99999999999999999999 100000"}) {
    TearDown();
    SetUp();
    group("0::/a");
    unified();
    write("/sys/fs/cgroup/a/cpu.max", text);
    EXPECT_EQ(found(), 0U) << text;
  }
}

TEST_F(Quota, AHugeOneStaysHuge) {
  group("0::/a");
  unified();
  write("/sys/fs/cgroup/a/cpu.max", "9223372036854775807 1");
  EXPECT_EQ(found(), UINT32_MAX);
}

TEST_F(Quota, TheTightestOnThePathCounts) {
  group("0::/a/b/c");
  unified();
  write("/sys/fs/cgroup/a/cpu.max", "300000 100000\n");
  write("/sys/fs/cgroup/a/b/cpu.max", "max 100000\n");
  write("/sys/fs/cgroup/a/b/c/cpu.max", "500000 100000\n");
  EXPECT_EQ(found(), 3U);
  write("/sys/fs/cgroup/cpu.max", "100000 50000\n");
  EXPECT_EQ(found(), 2U);
}

TEST_F(Quota, AGroupThatIsGoneLeavesThoseAboveIt) {
  group("0::/a/b (deleted)");
  unified();
  write("/sys/fs/cgroup/a/cpu.max", "300000 100000\n");
  EXPECT_EQ(found(), 3U);
}

TEST_F(Quota, OfABrotherDoesNotCount) {
  group("0::/a/b");
  unified();
  write("/sys/fs/cgroup/a/b2/cpu.max", "100000 100000\n");
  write("/sys/fs/cgroup/a2/cpu.max", "100000 100000\n");
  EXPECT_EQ(found(), 0U);
}

TEST_F(Quota, OfTheOldHierarchy) {
  group("5:memory:/m");
  group("4:cpu,cpuacct:/a");
  mount("/", "/sys/fs/cgroup/memory", "- cgroup cgroup rw,memory");
  mount("/", "/sys/fs/cgroup/cpuset", "- cgroup cgroup rw,cpuset");
  old();
  old_quota("/sys/fs/cgroup/memory/m", "100000", "100000");
  old_quota("/sys/fs/cgroup/cpuset/a", "100000", "100000");
  EXPECT_EQ(found(), 0U);
  old_quota("/sys/fs/cgroup/cpu,cpuacct/a", "350000", "100000");
  EXPECT_EQ(found(), 4U);
}

TEST_F(Quota, MinusOneIsNoneButThoseAboveCount) {
  group("4:cpuacct,cpu:/a/b");
  old();
  old_quota("/sys/fs/cgroup/cpu,cpuacct/a/b", "-1", "100000");
  EXPECT_EQ(found(), 0U);
  old_quota("/sys/fs/cgroup/cpu,cpuacct/a", "150000", "100000");
  EXPECT_EQ(found(), 2U);
}

TEST_F(Quota, OfTwoHierarchiesTheTighterCounts) {
  group("4:cpu,cpuacct:/a");
  group("1:name=systemd:/s");
  group("0::/s");
  mount("/", "/sys/fs/cgroup/unified", "- cgroup2 cgroup2 rw");
  old();
  old_quota("/sys/fs/cgroup/cpu,cpuacct/a", "700000", "100000");
  EXPECT_EQ(found(), 7U);
  write("/sys/fs/cgroup/unified/s/cpu.max", "500000 100000");
  EXPECT_EQ(found(), 5U);
}

TEST_F(Quota, AMountOfAPartShowsItsPart) {
  group("4:cpu,cpuacct:/docker/0123/inner");
  old("/docker/0123");
  old_quota("/sys/fs/cgroup/cpu,cpuacct/inner", "-1", "100000");
  old_quota("/sys/fs/cgroup/cpu,cpuacct", "200000", "100000");
  EXPECT_EQ(found(), 2U);
}

TEST_F(Quota, AMountOfAnotherPartCountsOnlyIfThereIsNoBetterOne) {
  group("0::/kubepods/pod1/ours");
  unified("/kubepods/pod1/our", "/other");
  write("/other/cpu.max", "100000 100000");
  EXPECT_EQ(found(), 1U);
  unified("/kubepods/pod1/ours");
  write("/sys/fs/cgroup/cpu.max", "400000 100000");
  EXPECT_EQ(found(), 4U);
}

TEST_F(Quota, OutsideOfTheNamespaceTheMountItselfCounts) {
  group("0::/../outside");
  unified();
  write("/sys/fs/outside/cpu.max", "100000 100000");
  EXPECT_EQ(found(), 0U);
  write("/sys/fs/cgroup/cpu.max", "400000 100000");
  EXPECT_EQ(found(), 4U);
}

TEST_F(Quota, PathsAreUnescaped) {
  group("0::/a b:c\\d/e");
  unified("/a\\040b:c\\134d", "/sys/c\\040g\\011roup\\");
  write("/sys/c g\troup\\/e/cpu.max", "200000 100000");
  EXPECT_EQ(found(), 2U);
}

TEST_F(Quota, CutLinesAreNoHarm) {
  group("0::/a");
  group("");
  group("4");
  group("4:cpu");
  write("/proc/self/mountinfo", "30\n30 25 0:26\n\n30 25 0:26 / /x rw -\n30 25 0:26 / /x rw shared:1");
  EXPECT_EQ(found(), 0U);
}

}  // namespace
}  // namespace pool::os
