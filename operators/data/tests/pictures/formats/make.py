"""Writes the pictures of this folder with Pillow: four quarters, red, green, blue and white, of 16 x 12 pixels."""

from PIL import Image, ImageDraw

rgb = Image.new("RGB", (16, 12), (255, 0, 0))
draw = ImageDraw.Draw(rgb)
draw.rectangle((8, 0, 15, 5), (0, 255, 0))
draw.rectangle((0, 6, 7, 11), (0, 0, 255))
draw.rectangle((8, 6, 15, 11), (255, 255, 255))

jpeg = {"quality": 98, "subsampling": 0}
rgb.save("rgb.png")
rgb.quantize(4).save("palette.png")
rgb.save("rgb.jpg", **jpeg)
rgb.save("progressive.jpg", progressive=True, **jpeg)
rgb.convert("CMYK").save("cmyk.jpg", **jpeg)
rgb.save("lossless.webp", lossless=True)
rgb.save("lossy.webp", quality=100)
rgb.save("plain.tif")
rgb.save("lzw.tiff", compression="tiff_lzw")
rgb.save("rgb.bmp")
rgb.quantize(4).save("animation.gif", save_all=True, append_images=[Image.new("P", (16, 12))])
rgb.save("jpeg_in_disguise.png", "JPEG", **jpeg)
rgb.convert("RGBA").save("rgba.png")
# Turned by 90 degrees to the left, with the note that it is to be turned back.
exif = Image.Exif()
exif[274] = 6
rgb.transpose(Image.Transpose.ROTATE_90).save("turned.jpg", exif=exif, **jpeg)
# Brightness only: black, grey, grey, white.
grey = Image.new("L", (16, 12), 0)
draw = ImageDraw.Draw(grey)
draw.rectangle((8, 0, 15, 5), 128)
draw.rectangle((0, 6, 7, 11), 128)
draw.rectangle((8, 6, 15, 11), 255)
grey.save("grey.png")
grey.point(lambda value: value * 257, "I").convert("I;16").save("grey16.png")
grey.point(lambda value: 255 if value > 200 else 0).convert("1").save("bit.png")
grey.convert("LA").save("grey_alpha.png")
