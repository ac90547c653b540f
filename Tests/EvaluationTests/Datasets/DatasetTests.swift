import Evaluation
import TestSupport
import Testing
import Unaries

@Suite("Data sets on disk")
struct DatasetTests {
  private let folder: DatasetFolder

  init() throws { folder = try DatasetFolder() }

  @Test("VOC lists photographs by name, in the order of the list")
  func voc() throws {
    try folder.write("b\n\na\n", as: "ImageSets/Segmentation/val.txt")
    for name in ["a", "b"] {
      try folder.writeImage("JPEGImages/\(name).jpg")
      try folder.writeLabels("SegmentationClass/\(name).png", [3, 255])
    }
    let dataset = try Dataset(at: folder.path)
    #expect(dataset.layout.name == "voc")
    #expect(dataset.split == "val")
    #expect((0..<dataset.count).map { dataset.name($0) } == ["b", "a"])
    #expect(dataset.classNames?.count == 21)
    #expect(try dataset.image(0).grid == DatasetFolder.grid)
    #expect(try dataset.labels(1).labels.prefix(3) == [3, 255, 0])
    try dataset.checkPresence()
  }

  @Test("a part of a split is spaced evenly from its first photograph on")
  func thinned() throws {
    try folder.write("a\nb\nc\nd\ne\n", as: "ImageSets/Segmentation/val.txt")
    try folder.writeImage("JPEGImages/a.jpg")
    try folder.writeLabels("SegmentationClass/a.png", [0])
    let dataset = try Dataset(at: folder.path)
    func names(_ limit: Int) -> [String] { dataset.thinned(to: limit).entries.map(\.name) }
    #expect(names(1) == ["a"])
    #expect(names(2) == ["a", "c"])
    #expect(names(3) == ["a", "b", "d"])
    #expect(names(5) == names(99))
    #expect(dataset.thinned(to: 2).split == dataset.split)
  }

  @Test("the augmented lists of VOC name both files, relative to the data set's folder")
  func vocAugmented() throws {
    try folder.write(
      "/JPEGImages/x.jpg /SegmentationClassAug/x.png\n",
      as: "ImageSets/SegmentationAug/train_aug.txt")
    try folder.write("y\n", as: "ImageSets/Segmentation/train.txt")
    try folder.writeImage("JPEGImages/x.jpg")
    try folder.writeLabels("SegmentationClassAug/x.png", [20])
    // Both layouts are there: the split tells which is meant.
    let dataset = try Dataset(at: folder.path, split: "train_aug")
    #expect(dataset.layout.name == "voc-aug")
    #expect(dataset.entries.map(\.labels) == [folder.file("SegmentationClassAug/x.png")])
    #expect(try dataset.labels(0).labels[0] == 20)
    let text = errorText { _ = try Dataset(at: folder.path) }
    #expect(text.contains("can be read as voc or as voc-aug; say which with the name of a layout"))
  }

  @Test("PASCAL-Context and Person-Part bring their own lists and classes")
  func contextAndParts() throws {
    try folder.write("x\n", as: "ImageSets/SegmentationContext/val.txt")
    try folder.writeImage("JPEGImages/x.jpg")
    try folder.writeLabels("SegmentationClassContext/x.png", [59])
    let context = try Dataset(at: folder.path, split: "val")
    #expect(context.layout.name == "pascal-context")
    #expect(context.classNames?.count == 60)
    #expect(try context.labels(0).labels[0] == 59)

    try folder.write(
      "JPEGImages/x.jpg parts/x.png\n", as: "pascal_person_part_trainval_list/train.txt")
    try folder.writeLabels("parts/x.png", [6])
    let parts = try Dataset(at: folder.path, split: "train")
    #expect(parts.layout.name == "person-part")
    #expect(parts.classNames?.count == 7)
    #expect(try parts.labels(0).labels[0] == 6)
  }

  @Test("Person-Part's archive is found where it was unpacked, whatever its lists say")
  func unpackedParts() throws {
    let archive = "pascal_person_part"
    try folder.writeImage("JPEGImages/x.jpg")
    try folder.writeLabels("\(archive)/pascal_person_part_gt/x.png", [4])
    let lists = "\(archive)/pascal_person_part_trainval_list"
    try folder.write("/JPEGImages/x.jpg /elsewhere/x.png\n", as: "\(lists)/train.txt")
    try folder.write("x\n", as: "\(lists)/train_id.txt")
    for split in ["train", "train_id"] {
      let parts = try Dataset(at: folder.path, split: split)
      #expect(parts.layout.name == "person-part")
      #expect(try parts.labels(0).labels[0] == 4)
    }
  }

  @Test("Cityscapes' ids become train ids, and files of train ids stay as they are")
  func cityscapes() throws {
    let images = "leftImg8bit/val/ulm/ulm_000"
    let labels = "gtFine/val/ulm/ulm_000"
    for number in 0..<2 { try folder.writeImage("\(images)\(number)_leftImg8bit.png") }
    // spec: 7 → 0, 8 → 1, 11 → 2, …, 33 → 18, else 255.
    let ids: [UInt16] = [7, 8, 11, 12, 13, 17, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 31, 32, 33]
    try folder.writeLabels("\(labels)0_gtFine_labelIds.png", ids + [4, 29, 30, 255])
    try folder.writeLabels("\(labels)1_gtFine_labelTrainIds.png", [18, 255])
    let dataset = try Dataset(at: folder.path, split: "val")
    #expect(dataset.layout.name == "cityscapes")
    #expect((0..<2).map { dataset.name($0) } == ["ulm_0000", "ulm_0001"])
    #expect(
      try dataset.labels(0).labels == (0..<19).map { UInt16($0) } + [255, 255, 255, 255, 255])
    #expect(try dataset.labels(1).labels.prefix(3) == [18, 255, 0])
    try folder.writeLabels("\(labels)0_gtFine_labelIds.png", [0, 77])
    let text = errorText { _ = try dataset.labels(0) }
    #expect(text.contains("has the label 77 at row 0, column 1"))
    #expect(text.contains("_gtFine_labelTrainIds.png"))
  }

  @Test("two folders are matched by stems, and a file without its partner is not passed over")
  func folders() throws {
    try folder.writeImage("images/a.png")
    try folder.writeImage("images/b.jpg")
    try folder.writeLabels("labels/a.npy", [4])
    try folder.writeLabels("labels/c.png")
    let dataset = try Dataset(at: folder.path)
    #expect(dataset.layout.name == "folders")
    #expect(dataset.classNames == nil)
    #expect(dataset.entries.map(\.name) == ["a", "b", "c"])
    #expect(try dataset.labels(0).labels[0] == 4)
    let text = errorText { try dataset.checkPresence() }
    #expect(text.hasPrefix(folder.file("labels/b.png") + ": is not there, nor are 1 other files"))

    let pair = try Dataset(
      at: folder.file("images"), layout: FolderPairLayout(labels: folder.file("labels")))
    #expect(pair.entries == dataset.entries)
  }

  @Test("folders of splits must be chosen from")
  func folderSplits() throws {
    for split in ["train", "val"] {
      try folder.writeImage("images/\(split)/a.png")
      try folder.writeLabels("labels/\(split)/a.png")
    }
    #expect(
      errorText { _ = try Dataset(at: folder.path) }
        .contains("has the splits train, val, and none is named; choose one with"))
    #expect(
      errorText { _ = try Dataset(at: folder.path, split: "test") }
        .contains("has no split 'test' in the layout folders; there are train, val"))
    #expect(
      try Dataset(at: folder.path, split: "val").entries[0].image
        == folder.file("images/val/a.png"))
  }

  @Test("a folder beside photographs is no split")
  func flatFolders() throws {
    try folder.writeImage("images/a.png")
    try folder.writeImage("images/thumbnails/a.png")
    try folder.writeLabels("labels/a.png")
    let dataset = try Dataset(at: folder.path)
    #expect(dataset.split == nil)
    #expect(dataset.entries.map(\.image) == [folder.file("images/a.png")])
  }

  @Test("classes come from the caller, else from the folder's classes.txt, else from the layout")
  func classes() throws {
    try folder.write("a\n", as: "ImageSets/Segmentation/val.txt")
    try folder.writeImage("JPEGImages/a.jpg")
    #expect(try Dataset(at: folder.path).classNames?[1] == "aeroplane")
    try folder.write("# two classes\nground\n  wide  road # with lanes\n", as: "classes.txt")
    #expect(try Dataset(at: folder.path).classNames == ["ground", "wide road"])
    #expect(try Dataset(at: folder.path, classNames: ["x"]).classNames == ["x"])
    #expect(try ClassNames.named(folder.file("classes.txt")) == ["ground", "wide road"])
    #expect(try ClassNames.named("camvid").count == 11)
    try folder.write("a\nb\na\n", as: "classes.txt")
    #expect(
      errorText { _ = try Dataset(at: folder.path) }.contains("names the class 'a' twice"))
    #expect(errorText { _ = try ClassNames.named("cocoo") }.contains("known are voc"))
  }

  @Test("a split may be the path of any list of pairs")
  func pairList() throws {
    try folder.write("p/a.png q/a.png\n", as: "lists/mine.txt")
    try folder.write("a\n", as: "lists/names.txt")
    try folder.write("a b c\n", as: "lists/long.txt")
    try folder.writeImage("p/a.png")
    func open(_ list: String) throws -> Dataset {
      try Dataset(
        at: folder.path, layout: DatasetLayouts.named("voc"), split: folder.file("lists/" + list))
    }
    #expect(try open("mine.txt").entries[0].image == folder.file("p/a.png"))
    #expect(errorText { _ = try open("names.txt") }.contains("line 1 names a photograph 'a', but"))
    #expect(errorText { _ = try open("long.txt") }.contains("line 1 is 'a b c', which has 3 words"))
  }

  @Test("what is no data set is refused with what one looks like")
  func unknown() throws {
    #expect(
      errorText { _ = try Dataset(at: folder.path) }.contains("not laid out like any data set"))
    try folder.write("a\n", as: "VOCdevkit/VOC2012/ImageSets/Segmentation/val.txt")
    #expect(
      errorText { _ = try Dataset(at: folder.path) }
        .hasSuffix("did you mean \(folder.path)/VOCdevkit/VOC2012?"))
    #expect(errorText { _ = try Dataset(at: folder.file("no")) }.contains("is not a folder"))
    #expect(
      errorText { _ = try DatasetLayouts.named("coco") }.contains("known are voc, voc-aug"))
    try folder.write("\n", as: "ImageSets/Segmentation/val.txt")
    try folder.writeImage("JPEGImages/a.jpg")
    #expect(
      errorText { _ = try Dataset(at: folder.path, split: "val") }
        .contains("has no photographs in its split 'val'"))
  }

  @Test(
    "a real data set in VOC's layout is read: CamVid",
    .enabled(if: Shared.isPresent, Shared.absence))
  func camVid() throws {
    let path = Shared.data("camvid-voc")
    let classes = try ClassNames.named("camvid")
    let train = try Dataset(at: path, split: "train", classNames: classes)
    let val = try Dataset(at: path, split: "val", classNames: classes)
    // Its README's counts.
    #expect(train.count == 367)
    #expect(val.count == 101)
    try train.checkPresence()
    let sample = try val.sample(100, classes: classes.count, ignoring: Dataset.void)
    #expect(sample.image.grid == GridShape(width: 480, height: 360))
    #expect(errorText { _ = try Dataset(at: path) }.contains("train, val"))
  }
}
